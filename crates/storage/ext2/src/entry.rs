//! The entries of directories: to add, change and remove them.
//!
//! A directory with an index of hashes is valid without the index too, so an entry that is added
//! ends the index.

use alloc::vec::Vec;

use volume::{Medium, Stage, VolumeError};

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
        let place = self.put_entry(directory, name, node).inspect_err(|_| {
            // Perhaps the entry is there all the same.
            self.known_names = None;
        })?;
        self.note_name(directory.number, name, place);
        Ok(())
    }

    /// As [`add_entry`](Self::add_entry). Returns the place of the record.
    fn put_entry(
        &mut self,
        directory: &mut Inode,
        name: &[u8],
        node: &Inode,
    ) -> Result<u64, VolumeError> {
        if let Some(place) = self.find_removal(directory, name)? {
            // A directory never has two entries with one name, not even on the disk.
            let at = self.place_at(&place);
            self.removals.leave_out(at);
            self.change_entry(&place, node)?;
            return Ok(at);
        }
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
            // The new bytes become an entry only by the length of the entry before them, or by the
            // number of the inode, which may be in another sector.
            let end = start + HEADER_BYTES + name.len();
            let (first, second) = match used {
                0 => (start + 4..end, start..start + 4),
                _ => (start..end, record.range.start + 4..record.range.start + 6),
            };
            let at = self.superblock.at(block);
            self.medium.write(Stage::First, at + first.start as u64, &buffer[first])?;
            self.medium.write(Stage::Second, at + second.start as u64, &buffer[second])?;
            return Ok(at + start as u64);
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
        let at = self.superblock.at(block);
        self.medium.write(Stage::First, at, &buffer)?;
        directory.set_size(size);
        directory.clear_index();
        self.write_inode(directory)?;
        Ok(at)
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

    /// Removes an entry. On the disk, it goes with the next flush.
    pub(crate) fn remove_entry(
        &mut self,
        directory: InodeNumber,
        name: &[u8],
        place: &Place,
    ) -> Result<(), VolumeError> {
        let at = self.place_at(place);
        if self.removals.add(at, directory, name).is_ok() {
            return Ok(());
        }
        self.flush()?;
        let added = self.removals.add(at, directory, name);
        added.map_err(|_| VolumeError::NoMemory)
    }

    fn place_at(&self, place: &Place) -> u64 {
        self.superblock.at(place.block) + place.record.range.start as u64
    }

    /// Removes the entries that were to be removed from their blocks. Returns whether there were some.
    pub(crate) fn remove_entries(&mut self) -> Result<bool, VolumeError> {
        let mut are_any = false;
        let mut buffer = Vec::new();
        while let Some(at) = self.removals.pop() {
            if buffer.is_empty() {
                buffer = self.block_buffer()?;
            }
            self.remove_record(at, &mut buffer).inspect_err(|_| self.known_names = None)?;
            are_any = true;
        }
        if are_any {
            self.room = None;
        }
        Ok(are_any)
    }

    /// Removes the record at a place: it becomes room of the one before it in the block, or of its own.
    fn remove_record(&mut self, at: u64, buffer: &mut [u8]) -> Result<(), VolumeError> {
        let offset = (at % buffer.len() as u64) as usize;
        let block_at = at - offset as u64;
        self.medium.read(block_at, buffer)?;
        let mut before = None;
        for record in Records::new(buffer, &self.superblock) {
            let record = record?;
            if record.range.start == offset {
                let name = &buffer[record.name];
                let written = match before {
                    Some(Record { range, .. }) => {
                        let length = (record.range.end - range.start) as u16;
                        let at = block_at + range.start as u64 + 4;
                        self.medium.write(Stage::Last, at, &length.to_le_bytes())
                    }
                    None => self.medium.write(Stage::Last, at, &[0; 4]),
                };
                written?;
                self.note_removal(name, at);
                return Ok(());
            }
            before = Some(record);
        }
        Err(VolumeError::Damaged("a directory"))
    }

    /// Makes an entry one of another node.
    pub(crate) fn change_entry(&self, place: &Place, node: &Inode) -> Result<(), VolumeError> {
        let at = self.place_at(place);
        self.medium.write(Stage::Second, at, &node.number.0.to_le_bytes())?;
        if self.superblock.features.has_file_types() {
            let kind = kind_number(node.kind(), &self.superblock);
            self.medium.write(Stage::Second, at + 7, &[kind])?;
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
        self.medium.write(Stage::First, self.superblock.at(block), &buffer)?;
        directory.set_size(end as u64);
        self.write_inode(directory)
    }
}
