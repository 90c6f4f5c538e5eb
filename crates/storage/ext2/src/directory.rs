//! Directories: to find and list entries.

use alloc::vec::Vec;

use volume::{Entry, Medium, NodeId, VolumeError};

use crate::ext2::Ext2;
use crate::fields::{BlockNumber, InodeNumber};
use crate::inode::Inode;
use crate::known_names::KnownNames;
use crate::record::{HEADER_BYTES, Record, Records, is_dot, name_hash};
use crate::superblock::NAME_MAX_BYTES;

/// The blocks that a search reads before it is worth the memory to know the names of all blocks.
const MANY_BLOCKS: usize = 4;

/// Where an entry is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The block of the volume.
    pub block: BlockNumber,
    pub record: Record,
}

/// Successive blocks of a directory that are in one piece, so that not each has to be looked up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Piece {
    index: u64,
    start: u32,
    blocks: u64,
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
    pub(crate) fn directory_blocks(&self, directory: &Inode) -> u64 {
        directory.size() >> self.superblock.block_shift
    }

    /// Reads a block of a directory, which may be in `piece`.
    pub(crate) fn read_directory_block(
        &self,
        directory: &Inode,
        index: u64,
        piece: &mut Piece,
        buffer: &mut [u8],
    ) -> Result<BlockNumber, VolumeError> {
        if !(piece.index..piece.index + piece.blocks).contains(&index) {
            let run = self.find(directory, index, self.directory_blocks(directory) - index)?;
            let start = run.start.ok_or(VolumeError::Damaged("a directory with a hole"))?;
            *piece = Piece { index, start: start.0, blocks: run.blocks };
        }
        let block = BlockNumber(piece.start + (index - piece.index) as u32);
        self.medium.read(self.superblock.at(block), buffer)?;
        self.verify_directory_block(directory, index, buffer)?;
        Ok(block)
    }

    /// Finds an entry. The search begins in the block where the last one ended, as programs use the
    /// entries of a directory in their order. Where that is of no use, the names of all blocks are
    /// read once.
    pub(crate) fn find_entry(
        &mut self,
        directory: &Inode,
        name: &[u8],
    ) -> Result<Option<Place>, VolumeError> {
        self.search_entry(directory, name, false)
    }

    /// Finds an entry with this name that is to be removed.
    pub(crate) fn find_removal(
        &mut self,
        directory: &Inode,
        name: &[u8],
    ) -> Result<Option<Place>, VolumeError> {
        match self.removals.may_have(directory.number, name) {
            true => self.search_entry(directory, name, true),
            false => Ok(None),
        }
    }

    fn search_entry(
        &mut self,
        directory: &Inode,
        name: &[u8],
        is_removed: bool,
    ) -> Result<Option<Place>, VolumeError> {
        if let Some(known) = self.names_of(directory.number) {
            return self.search_known(known, name, is_removed);
        }
        let blocks = self.directory_blocks(directory);
        let last = self.last_found.filter(|(number, _)| *number == directory.number);
        let first = last.map_or(0, |(_, index)| index.min(blocks));
        self.last_found = Some((directory.number, first));
        let mut buffer = self.block_buffer()?;
        let mut piece = Piece::default();
        for (step, index) in (first..blocks).chain(0..first).enumerate() {
            if step == MANY_BLOCKS && last.is_some() {
                // Damage is met by a search that gets to it.
                let _ = self.learn_names(directory, &mut buffer);
                if let Some(known) = self.names_of(directory.number) {
                    return self.search_known(known, name, is_removed);
                }
            }
            let block = self.read_directory_block(directory, index, &mut piece, &mut buffer)?;
            if let Some(record) = self.search_block(block, &buffer, name, is_removed)? {
                self.last_found = Some((directory.number, index));
                return Ok(Some(Place { block, record }));
            }
        }
        Ok(None)
    }

    /// Finds the entry `name` in a block, which `bytes` are.
    fn search_block(
        &self,
        block: BlockNumber,
        bytes: &[u8],
        name: &[u8],
        is_removed: bool,
    ) -> Result<Option<Record>, VolumeError> {
        let mut records = Records::new(bytes, &self.superblock);
        while let Some(record) = records.next_named(name) {
            let record = record?;
            let at = self.superblock.at(block) + record.range.start as u64;
            let is_named = record.inode.is_some() && bytes[record.name.clone()] == *name;
            if is_named && self.removals.contains(at) == is_removed {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Finds the entry `name` of a directory whose names are known.
    fn search_known(
        &self,
        known: &KnownNames,
        name: &[u8],
        is_removed: bool,
    ) -> Result<Option<Place>, VolumeError> {
        let shift = self.superblock.block_shift;
        for place in known.places(name_hash(name)) {
            if self.removals.contains(place) != is_removed {
                continue;
            }
            let block = BlockNumber((place >> shift) as u32);
            let start = (place - self.superblock.at(block)) as usize;
            let rest = self.superblock.block_bytes() as usize - start;
            let mut bytes = [0; HEADER_BYTES + NAME_MAX_BYTES];
            let bytes = &mut bytes[..rest.min(HEADER_BYTES + name.len())];
            self.medium.read(place, bytes)?;
            let record = Record::of(bytes, start, start + rest, &self.superblock)
                .ok_or(VolumeError::Damaged("a directory"))?;
            let is_named =
                record.name.len() == name.len() && bytes.get(HEADER_BYTES..) == Some(name);
            if record.inode.is_some() && is_named {
                return Ok(Some(Place { block, record }));
            }
        }
        Ok(None)
    }

    /// Returns what is known of the names of a directory.
    fn names_of(&self, directory: InodeNumber) -> Option<&KnownNames> {
        self.known_names.as_ref().filter(|known| known.directory() == directory)
    }

    /// Reads all names of a directory, and forgets those of another one. Without room for them in memory,
    /// none are known. Checksums are checked now, and not when a name is used: volumes with checksums
    /// aren't changed.
    fn learn_names(&mut self, directory: &Inode, buffer: &mut [u8]) -> Result<(), VolumeError> {
        self.known_names = None;
        let Ok(mut known) = KnownNames::try_new(directory.number) else { return Ok(()) };
        let mut piece = Piece::default();
        for index in 0..self.directory_blocks(directory) {
            let block = self.read_directory_block(directory, index, &mut piece, buffer)?;
            for record in Records::new(buffer, &self.superblock) {
                let record = record?;
                let hash = name_hash(&buffer[record.name]);
                let place = self.superblock.at(block) + record.range.start as u64;
                if record.inode.is_some() && known.add(hash, place).is_err() {
                    return Ok(());
                }
            }
        }
        self.known_names = Some(known);
        Ok(())
    }

    /// Notes that a directory has got a name, whose record is at `place`.
    pub(crate) fn note_name(&mut self, directory: InodeNumber, name: &[u8], place: u64) {
        if let Some(known) = &mut self.known_names
            && known.directory() == directory
            && known.add(name_hash(name), place).is_err()
        {
            self.known_names = None;
        }
    }

    /// Notes that the record at `place` is no record any more.
    pub(crate) fn note_removal(&mut self, name: &[u8], place: u64) {
        if let Some(known) = &mut self.known_names {
            known.remove(name_hash(name), place);
        }
    }

    /// Finds the entry `name` of `node`, which must be there.
    pub(crate) fn find_name(
        &mut self,
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
        let mut piece = Piece::default();
        for index in cursor >> shift..self.directory_blocks(directory) {
            let block = self.read_directory_block(directory, index, &mut piece, &mut buffer)?;
            let block_at = self.superblock.at(block);
            // The record that was at the cursor may have become room of one before it.
            for record in Records::new(&buffer, &self.superblock) {
                let record = record?;
                let at = |offset: usize| (index << shift) + offset as u64;
                let name = &buffer[record.name.clone()];
                let Some(inode) = record.inode else { continue };
                let is_removed = self.removals.contains(block_at + record.range.start as u64);
                if at(record.range.start) < cursor || is_dot(name) || is_removed {
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

    /// Finds the entry `..`, which is the second one, and returns the inode that it leads to.
    pub(crate) fn find_parent(
        &self,
        directory: &Inode,
    ) -> Result<(Place, InodeNumber), VolumeError> {
        const DAMAGE: VolumeError = VolumeError::Damaged("a directory has no entry for its parent");
        let mut buffer = self.block_buffer()?;
        let block = self.read_directory_block(directory, 0, &mut Piece::default(), &mut buffer)?;
        let record = Records::new(&buffer, &self.superblock).nth(1).ok_or(DAMAGE)??;
        let inode = record.inode.filter(|_| buffer[record.name.clone()] == *b"..").ok_or(DAMAGE)?;
        self.check_node(inode.0)?;
        Ok((Place { block, record }, inode))
    }
}
