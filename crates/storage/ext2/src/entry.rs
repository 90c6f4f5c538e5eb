//! The entries of directories: to add, change and remove them.
//!
//! A directory with an index of hashes is valid without the index too, so an entry that is added
//! ends the index.

use volume::{Medium, VolumeError};

use crate::directory::{Piece, Place};
use crate::ext2::Ext2;
use crate::fields::InodeNumber;
use crate::inode::Inode;
use crate::record::{HEADER_BYTES, Record, Records, kind_number, put, record_bytes};
use crate::room::Room;

impl<M: Medium> Ext2<M> {
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
        let mut piece = Piece::default();
        for index in first..blocks {
            let block = self.read_directory_block(directory, index, &mut piece, &mut buffer)?;
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
