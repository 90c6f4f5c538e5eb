//! Directories: to find, list, add, change and remove entries.
//!
//! A directory with an index of hashes is valid without the index too, so an entry that is added
//! ends the index.

use alloc::vec::Vec;

use volume::{Entry, Medium, NodeId, VolumeError};

use crate::ext2::Ext2;
use crate::fields::{BlockNumber, InodeNumber};
use crate::inode::Inode;
use crate::record::{HEADER_BYTES, Record, Records, is_dot, kind_number, put, record_bytes};
use crate::room::Room;

/// Where an entry is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The block of the directory, and of the volume.
    index: u64,
    block: BlockNumber,
    pub record: Record,
    /// The length of the record before it in the block, and where it is.
    before: Option<(usize, usize)>,
}

impl<M: Medium> Ext2<M> {
    /// Returns the memory for a block.
    pub(crate) fn block_buffer(&self) -> Result<Vec<u8>, VolumeError> {
        let len_bytes = self.superblock.block_bytes() as usize;
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(len_bytes).map_err(|_| VolumeError::NoMemory)?;
        buffer.resize(len_bytes, 0);
        Ok(buffer)
    }

    /// Returns the number of blocks of a directory.
    fn directory_blocks(&self, directory: &Inode) -> u64 {
        directory.size() >> self.superblock.block_shift
    }

    /// Reads a block of a directory.
    fn read_directory_block(
        &self,
        directory: &Inode,
        index: u64,
        buffer: &mut [u8],
    ) -> Result<BlockNumber, VolumeError> {
        let run = self.find(directory, index, 1)?;
        let block = run.start.ok_or(VolumeError::Damaged("a directory with a hole"))?;
        self.medium.read(self.superblock.at(block), buffer)?;
        Ok(block)
    }

    /// Finds an entry.
    pub(crate) fn find_entry(
        &self,
        directory: &Inode,
        name: &[u8],
    ) -> Result<Option<Place>, VolumeError> {
        let mut buffer = self.block_buffer()?;
        for index in 0..self.directory_blocks(directory) {
            let block = self.read_directory_block(directory, index, &mut buffer)?;
            let mut before = None;
            for record in Records::new(&buffer, &self.superblock) {
                let record = record?;
                if record.inode.is_some() && buffer[record.name.clone()] == *name {
                    return Ok(Some(Place { index, block, record, before }));
                }
                before = Some((record.range.len(), record.range.start));
            }
        }
        Ok(None)
    }

    /// Finds the entry `name` of `node`, which must be there.
    pub(crate) fn find_name(
        &self,
        directory: &Inode,
        name: &[u8],
        node: InodeNumber,
    ) -> Result<Place, VolumeError> {
        match self.find_entry(directory, name)? {
            Some(place) if place.record.inode == Some(node) => Ok(place),
            _ => Err(VolumeError::Damaged("a name of a directory is missing")),
        }
    }

    /// Passes the entries from the offset `cursor` on to `found`, until it returns false.
    pub(crate) fn list(
        &self,
        directory: &Inode,
        cursor: u64,
        found: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<(), VolumeError> {
        let shift = self.superblock.block_shift;
        let mut buffer = self.block_buffer()?;
        for index in cursor >> shift..self.directory_blocks(directory) {
            self.read_directory_block(directory, index, &mut buffer)?;
            // The record that was at the cursor may have become room of one before it.
            for record in Records::new(&buffer, &self.superblock) {
                let record = record?;
                let at = |offset: usize| (index << shift) + offset as u64;
                let name = &buffer[record.name.clone()];
                let Some(inode) = record.inode else { continue };
                if at(record.range.start) < cursor || is_dot(name) {
                    continue;
                }
                self.check_node(inode.0)?;
                if name.iter().any(|byte| matches!(byte, 0 | b'/')) {
                    return Err(VolumeError::Damaged("a name of a directory"));
                }
                let (node, next) = (NodeId(inode.0.into()), at(record.range.end));
                if !found(Entry { name, node, kind: record.kind(), next }) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Returns whether a directory has no entries but the two that each has.
    pub(crate) fn is_empty(&self, directory: &Inode) -> Result<bool, VolumeError> {
        let mut is_empty = true;
        self.list(directory, 0, &mut |_| {
            is_empty = false;
            false
        })?;
        Ok(is_empty)
    }

    /// Adds an entry, whose name is free and isn't too long.
    pub(crate) fn add_entry(
        &mut self,
        directory: &mut Inode,
        name: &[u8],
        node: &Inode,
    ) -> Result<(), VolumeError> {
        let kind = kind_number(node.kind(), &self.superblock);
        let needed = record_bytes(name.len());
        let blocks = self.directory_blocks(directory);
        let first = self.room.map_or(0, |room| room.start(directory.number, needed));
        let mut buffer = self.block_buffer()?;
        for index in first..blocks {
            let block = self.read_directory_block(directory, index, &mut buffer)?;
            let Some(record) = self.room_in(&buffer, needed)? else { continue };
            self.room = Some(Room::new(directory.number, index, needed));
            let (used, end) = (record.used_bytes(), record.range.end);
            let start = record.range.start + used;
            if used > 0 {
                buffer[record.range.start + 4..][..2].copy_from_slice(&(used as u16).to_le_bytes());
            }
            put(&mut buffer, start..end, node.number, name, kind);
            if directory.has_index() {
                directory.clear_index();
                self.write_inode(directory)?;
            }
            let changed = record.range.start..start + HEADER_BYTES + name.len();
            let at = self.superblock.at(block) + changed.start as u64;
            return Ok(self.medium.write(at, &buffer[changed])?);
        }
        self.room = Some(Room::new(directory.number, blocks, needed));
        let size = directory.size() + u64::from(self.superblock.block_bytes());
        if size > u32::MAX.into() {
            return Err(VolumeError::NoSpace);
        }
        let run = self.find_or_allocate(directory, blocks, 1)?;
        let block = run.start.expect("blocks are allocated for a hole");
        buffer.fill(0);
        let range = 0..buffer.len();
        put(&mut buffer, range, node.number, name, kind);
        self.medium.write(self.superblock.at(block), &buffer)?;
        directory.set_size(size);
        directory.clear_index();
        self.write_inode(directory)
    }

    /// Returns the first record that has room for another one of `needed` bytes.
    fn room_in(&self, block: &[u8], needed: usize) -> Result<Option<Record>, VolumeError> {
        for record in Records::new(block, &self.superblock) {
            let record = record?;
            if record.range.len() - record.used_bytes() >= needed {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Removes an entry: its record becomes room of the one before it, or of its own.
    pub(crate) fn remove_entry(
        &mut self,
        directory: InodeNumber,
        place: &Place,
    ) -> Result<(), VolumeError> {
        let block_at = self.superblock.at(place.block);
        match place.before {
            Some((len_bytes, at)) => {
                let len_bytes = (len_bytes + place.record.range.len()) as u16;
                self.medium.write(block_at + at as u64 + 4, &len_bytes.to_le_bytes())?;
            }
            None => self.medium.write(block_at + place.record.range.start as u64, &[0; 4])?,
        }
        if let Some(room) = &mut self.room {
            room.removed(directory, place.index);
        }
        Ok(())
    }

    /// Makes an entry one of another node.
    pub(crate) fn change_entry(&self, place: &Place, node: &Inode) -> Result<(), VolumeError> {
        let at = self.superblock.at(place.block) + place.record.range.start as u64;
        self.medium.write(at, &node.number.0.to_le_bytes())?;
        if self.superblock.features.has_file_types() {
            let kind = kind_number(node.kind(), &self.superblock);
            self.medium.write(at + 7, &[kind])?;
        }
        Ok(())
    }

    /// Finds the entry `..`, which is the second one, and returns the inode that it leads to.
    pub(crate) fn find_parent(
        &self,
        directory: &Inode,
    ) -> Result<(Place, InodeNumber), VolumeError> {
        const DAMAGE: VolumeError = VolumeError::Damaged("a directory has no entry for its parent");
        let mut buffer = self.block_buffer()?;
        let block = self.read_directory_block(directory, 0, &mut buffer)?;
        let record = Records::new(&buffer, &self.superblock).nth(1).ok_or(DAMAGE)??;
        let inode = record.inode.filter(|_| buffer[record.name.clone()] == *b"..").ok_or(DAMAGE)?;
        self.check_node(inode.0)?;
        Ok((Place { index: 0, block, record, before: None }, inode))
    }

    /// Writes the first block of a new directory, with its two entries.
    pub(crate) fn fill_directory(
        &mut self,
        directory: &mut Inode,
        parent: InodeNumber,
    ) -> Result<(), VolumeError> {
        const FIRST_BYTES: usize = 12;
        let mut buffer = self.block_buffer()?;
        let kind = kind_number(directory.kind(), &self.superblock);
        let run = self.find_or_allocate(directory, 0, 1)?;
        let block = run.start.expect("blocks are allocated for a hole");
        let end = buffer.len();
        put(&mut buffer, 0..FIRST_BYTES, directory.number, b".", kind);
        put(&mut buffer, FIRST_BYTES..end, parent, b"..", kind);
        self.medium.write(self.superblock.at(block), &buffer)?;
        directory.set_size(end as u64);
        self.write_inode(directory)
    }
}
