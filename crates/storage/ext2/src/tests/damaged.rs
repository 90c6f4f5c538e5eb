//! Volumes with damage at random places, most of them in structures.

use std::format;
use std::vec::Vec;

use volume::{Access, Kind, Volume};

use super::disk::Disk;
use super::host;
use super::session::Session;
use crate::Ext2;
use crate::fields::{InodeNumber, u32_at};
use crate::inode::REGULAR;
use crate::tree::DIRECT;

/// Random numbers, by xorshift.
pub(super) struct Random(pub u64);

impl Random {
    pub(super) fn next(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.next(from.len())]
    }
}

/// A volume, and where its structures are.
pub(super) struct Base {
    bytes: Vec<u8>,
    block_bytes: usize,
    /// The offsets of inodes in use, and their bytes.
    inodes: Vec<usize>,
    inode_bytes: usize,
    /// The offsets of blocks of directories, of tables of pointers, and of bitmaps.
    directories: Vec<usize>,
    tables: Vec<usize>,
    bitmaps: Vec<usize>,
    descriptors: usize,
    groups: usize,
    /// Numbers that lead somewhere: of blocks and inodes.
    numbers: Vec<u32>,
}

impl Base {
    pub(super) fn new(kib: u32, options: &[&str]) -> Self {
        let mut session = Session::make(kib, options);
        for path in ["a", "a/b", "a/b/c", "many"] {
            session.create(path, Kind::Directory);
        }
        for number in 0..60 {
            session.create(&format!("many/a name of an entry {number}"), Kind::Fifo);
        }
        let places: [(&str, &[(u64, usize)]); 4] = [
            ("small", &[(0, 100)]),
            ("a/middle", &[(0, 40_000)]),
            ("a/b/large", &[(0, 30_000), (300_000, 20_000), (500_000, 3000)]),
            ("sparse", &[(5000, 1), (1 << 20, 9000), (80 << 20, 5000), (5 << 30, 3000)]),
        ];
        for (path, parts) in places {
            let file = session.create(path, Kind::Regular);
            for (offset, len) in parts {
                session.write(file, *offset, &std::vec![1; *len]).unwrap();
            }
        }
        session.link("short", b"a/b").unwrap();
        session.link("a/long", &[b'x'; 200]).unwrap();
        session.create("tty", Kind::CharDevice(4, 1));
        let (node, directory) = (session.find("small"), session.find("a/b/c"));
        session.volume.link(directory, b"same", node).unwrap();
        let mut bytes = session.close();
        let value = format!("ea_set /small user.name {}", "v".repeat(300));
        host::debugfs(&mut bytes, &[&value]);
        host::assert_clean(&bytes);
        Self::examine(bytes)
    }

    fn examine(bytes: Vec<u8>) -> Self {
        let volume = Ext2::open(Disk::new(bytes.clone()), Access::ReadOnly).unwrap();
        let superblock = &volume.superblock;
        let block_bytes = superblock.block_bytes() as usize;
        let at = |block: u32| block as usize * block_bytes;
        let mut base = Self {
            block_bytes,
            inodes: Vec::new(),
            inode_bytes: superblock.inode_bytes as usize,
            directories: Vec::new(),
            tables: Vec::new(),
            bitmaps: Vec::new(),
            descriptors: at(superblock.first_data_block + 1),
            groups: superblock.groups() as usize,
            numbers: std::vec![
                0,
                1,
                2,
                11,
                superblock.inodes,
                superblock.blocks,
                superblock.blocks - 1
            ],
            bytes: Vec::new(),
        };
        for group in &volume.groups.list {
            let blocks = [group.block_bitmap.0, group.inode_bitmap.0, group.inode_table.0];
            base.bitmaps.extend(blocks[..2].iter().map(|block| at(*block)));
            base.numbers.extend(blocks);
        }
        for number in 1..=superblock.inodes {
            let inode = volume.read_inode(InodeNumber(number)).unwrap();
            let is_node = number == 2 || number >= superblock.first_inode;
            if !is_node || inode.is_free() {
                continue;
            }
            let (group, index) = superblock.inode_place(inode.number);
            let table = at(volume.groups.list[group as usize].inode_table.0);
            base.inodes.push(table + index as usize * base.inode_bytes);
            base.numbers.push(number);
            if inode.is_directory() {
                for index in 0..inode.size() / block_bytes as u64 {
                    let block = volume.find(&inode, index, 1).unwrap().start.unwrap().0;
                    base.directories.push(at(block));
                    base.numbers.push(block);
                }
            }
            if inode.kind() == REGULAR {
                let mut level: Vec<_> =
                    (0..3).map(|depth| (inode.pointer(DIRECT as usize + depth), depth)).collect();
                while let Some((block, depth)) = level.pop() {
                    if block == 0 {
                        continue;
                    }
                    base.tables.push(at(block));
                    base.numbers.push(block);
                    if depth > 0 {
                        let table = &bytes[at(block)..][..block_bytes];
                        level.extend(
                            table.chunks_exact(4).map(|pointer| (u32_at(pointer, 0), depth - 1)),
                        );
                    }
                }
            }
        }
        base.bytes = bytes;
        base
    }

    /// Returns a place where damage does something.
    fn place(&self, random: &mut Random) -> usize {
        match random.next(16) {
            0 => 1024 + random.next(0x70),
            1 => 1024 + random.next(1024),
            2 | 3 => self.descriptors + random.next(self.groups * 32),
            4 => {
                let end = *random.pick(&[64, self.block_bytes]);
                random.pick(&self.bitmaps) + random.next(end)
            }
            5..=9 => random.pick(&self.inodes) + random.next(self.inode_bytes.min(160)),
            10..=12 => {
                let block = *random.pick(&self.directories);
                // At a record, most times.
                let mut at = block;
                for _ in 0..random.next(40) {
                    let len =
                        usize::from(u16::from_le_bytes([self.bytes[at + 4], self.bytes[at + 5]]));
                    if at + len < block + self.block_bytes {
                        at += len;
                    }
                }
                at + random.next(12)
            }
            13 | 14 => {
                let table = random.pick(&self.tables);
                let pointers: Vec<_> = (0..self.block_bytes / 4)
                    .filter(|index| u32_at(&self.bytes, table + index * 4) != 0)
                    .collect();
                table + if pointers.is_empty() { 0 } else { random.pick(&pointers) * 4 }
            }
            _ => random.next(self.bytes.len()),
        }
    }

    pub(super) fn damage(&self, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for _ in 0..1 + random.next(4) {
            let at = self.place(random);
            let aligned = at / 4 * 4;
            match random.next(8) {
                0 => bytes[at] ^= 1 << random.next(8),
                1 => bytes[at] = random.next(256) as u8,
                2 => {
                    let number =
                        *random.pick(&[0_u16, 1, 4, 8, 12, 1024, 4096, 0x7FFF, 0x8000, 0xFFFF]);
                    bytes[at / 2 * 2..][..2].copy_from_slice(&number.to_le_bytes());
                }
                3 | 4 => {
                    let number = *random.pick(&self.numbers);
                    bytes[aligned..aligned + 4].copy_from_slice(&number.to_le_bytes());
                }
                5 => {
                    let number =
                        *random.pick(&[0_u32, 1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX, u32::MAX - 1]);
                    bytes[aligned..aligned + 4].copy_from_slice(&number.to_le_bytes());
                }
                6 => {
                    let number = random.next(1 << 32) as u32;
                    bytes[aligned..aligned + 4].copy_from_slice(&number.to_le_bytes());
                }
                _ => {
                    // One structure in the place of another one of the same kind.
                    let (list, len) = match random.next(4) {
                        0 => (&self.inodes, self.inode_bytes),
                        1 => (&self.directories, self.block_bytes),
                        2 => (&self.tables, self.block_bytes),
                        _ => (&self.bitmaps, self.block_bytes),
                    };
                    let (from, to) = (*random.pick(list), *random.pick(list));
                    bytes.copy_within(from..from + len, to);
                }
            }
        }
        bytes
    }
}
