//! The records in a block of a directory: one for each entry, with the room after it.
//!
//! Source: "The Second Extended File System", D. Poirier, "Directory Structure".

use core::ops::Range;

use volume::{Kind, VolumeError};

use crate::fields::{InodeNumber, put_u16, put_u32, u16_at, u32_at};
use crate::inode::{BLOCK_DEVICE, CHAR_DEVICE, DIRECTORY, FIFO, REGULAR, SOCKET, SYMLINK};
use crate::superblock::{NAME_MAX_BYTES, Superblock};

/// The bytes before the name.
pub(crate) const HEADER_BYTES: usize = 8;
/// The bytes of the smallest record.
const RECORD_BYTES_MIN: usize = 12;

/// The modes of the kinds, by the numbers that records have for them. 0 is for an unknown kind.
const KINDS: [u16; 8] = [0, REGULAR, DIRECTORY, CHAR_DEVICE, BLOCK_DEVICE, FIFO, SOCKET, SYMLINK];

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Its place in the block, with the room after it.
    pub range: Range<usize>,
    /// The inode; `None` if there is only room.
    pub inode: Option<InodeNumber>,
    /// The place of the name in the block.
    pub name: Range<usize>,
    /// The number of the kind; 0 if it isn't known.
    kind: u8,
}

impl Record {
    /// Reads the record at `at`, and checks that it is one.
    fn read(block: &[u8], at: usize, superblock: &Superblock) -> Option<Self> {
        Self::of(block.get(at..)?, at, block.len(), superblock)
    }

    /// Reads the record that begins with `bytes`, which is at `at` in a block of `block_bytes`, and checks
    /// that it is one.
    pub(crate) fn of(
        bytes: &[u8],
        at: usize,
        block_bytes: usize,
        superblock: &Superblock,
    ) -> Option<Self> {
        let header = bytes.get(..HEADER_BYTES)?;
        let inode = u32_at(header, 0);
        let len_bytes = usize::from(u16_at(header, 4));
        // Without kinds, their byte is the high one of the name's length, which is 0 then.
        let has_kinds = superblock.features.has_file_types();
        let name_bytes: usize = match inode {
            // The name of an entry that was removed.
            0 => 0,
            _ if has_kinds => header[6].into(),
            _ => u16_at(header, 6).into(),
        };
        let kind = if has_kinds { header[7] } else { 0 };
        let range = at..at + len_bytes;
        let is_record = len_bytes >= RECORD_BYTES_MIN
            && len_bytes.is_multiple_of(4)
            && range.end <= block_bytes
            && inode <= superblock.inodes
            && (inode == 0 || (1..=NAME_MAX_BYTES).contains(&name_bytes))
            && record_bytes(name_bytes) <= len_bytes;
        let name = at + HEADER_BYTES..at + HEADER_BYTES + name_bytes;
        let inode = (inode != 0).then_some(InodeNumber(inode));
        is_record.then_some(Self { range, inode, name, kind })
    }

    /// Returns the bytes that its entry needs.
    pub(crate) fn used_bytes(&self) -> usize {
        if self.inode.is_some() { record_bytes(self.name.len()) } else { 0 }
    }

    /// Returns the kind of the node. Numbers of devices are 0.
    pub(crate) fn kind(&self) -> Option<Kind> {
        Some(match *KINDS.get(usize::from(self.kind))? {
            REGULAR => Kind::Regular,
            DIRECTORY => Kind::Directory,
            CHAR_DEVICE => Kind::CharDevice(0, 0),
            BLOCK_DEVICE => Kind::BlockDevice(0, 0),
            FIFO => Kind::Fifo,
            SOCKET => Kind::Socket,
            SYMLINK => Kind::Symlink,
            _ => return None,
        })
    }
}

/// Returns the bytes of a record for a name.
pub(crate) fn record_bytes(name_bytes: usize) -> usize {
    (HEADER_BYTES + name_bytes).next_multiple_of(4)
}

/// Returns the number of a kind in records.
pub(crate) fn kind_number(mode_kind: u16, superblock: &Superblock) -> u8 {
    let number = KINDS[1..].iter().position(|kind| *kind == mode_kind).map_or(0, |at| at + 1);
    if superblock.features.has_file_types() { number as u8 } else { 0 }
}

/// Writes a record into a block.
pub(crate) fn put(
    block: &mut [u8],
    range: Range<usize>,
    inode: InodeNumber,
    name: &[u8],
    kind: u8,
) {
    let record = &mut block[range];
    let len_bytes = record.len() as u16;
    put_u32(record, 0, inode.0);
    put_u16(record, 4, len_bytes);
    record[6] = name.len() as u8;
    record[7] = kind;
    record[HEADER_BYTES..HEADER_BYTES + name.len()].copy_from_slice(name);
}

/// Returns a hash of a name: FNV-1a with 32 bits.
pub(crate) fn name_hash(name: &[u8]) -> u32 {
    name.iter().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Returns whether a name is one of the two that each directory has.
pub(crate) fn is_dot(name: &[u8]) -> bool {
    matches!(name, b"." | b"..")
}

/// The records of a block, from the first one on.
pub(crate) struct Records<'a> {
    block: &'a [u8],
    superblock: &'a Superblock,
    next: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn new(block: &'a [u8], superblock: &'a Superblock) -> Self {
        Self { block, superblock, next: 0 }
    }

    /// Returns the next record that may have this name. Of the others it checks only that they are in the
    /// block: a search passes many.
    pub(crate) fn next_named(&mut self, name: &[u8]) -> Option<Result<Record, VolumeError>> {
        while let Some(record) = self.block.get(self.next..)
            && let Some(header) = record.first_chunk::<HEADER_BYTES>()
        {
            let len_bytes = usize::from(u16_at(header, 4));
            let is_record = len_bytes >= RECORD_BYTES_MIN
                && len_bytes.is_multiple_of(4)
                && len_bytes <= record.len();
            // The low byte of the length, also where the next one is the high byte. Most names of a
            // directory differ in their last byte.
            let may_have_name = usize::from(header[6]) == name.len()
                && record.get(HEADER_BYTES + name.len() - 1) == name.last();
            if !is_record || may_have_name {
                break;
            }
            self.next += len_bytes;
        }
        self.next()
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, VolumeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.block.len() {
            return None;
        }
        let Some(record) = Record::read(self.block, self.next, self.superblock) else {
            self.next = self.block.len();
            return Some(Err(VolumeError::Damaged("a directory")));
        };
        self.next = record.range.end;
        Some(Ok(record))
    }
}
