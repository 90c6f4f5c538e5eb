//! The look-up of a file's blocks.

use volume::{Medium, VolumeError};

use crate::ext2::Ext2;
use crate::fields::{BlockNumber, u32_at};
use crate::inode::{BlockMap, Inode};
use crate::tree::{DIRECT, Path};

/// The number of pointers of a table that are read at once.
pub(crate) const POINTERS_READ: usize = 128;

/// Blocks of a file that are in one piece, or a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first block; `None` for a hole.
    pub start: Option<BlockNumber>,
    /// The number of blocks: at least 1.
    pub blocks: u64,
    pub is_new: bool,
}

/// What a search for a block has found.
pub(crate) struct Found {
    pub run: Run,
    /// The level at which the first pointer is missing, from the inode's on; the path's depth if it
    /// is the pointer to the block.
    pub level: usize,
    /// The table that has the slot of this level; `None` for the inode.
    pub table: Option<BlockNumber>,
}

impl<M: Medium> Ext2<M> {
    /// Returns by what an inode leads to its blocks: pointers or extents.
    pub(crate) fn block_map(&self, inode: &Inode) -> Result<BlockMap, VolumeError> {
        match inode.block_map() {
            BlockMap::Extents if self.superblock.features.has_extents() => Ok(BlockMap::Extents),
            BlockMap::Pointers => Ok(BlockMap::Pointers),
            _ => Err(VolumeError::Damaged("the pointers of an inode")),
        }
    }

    /// Returns the run of blocks from the block `index` of a file on, at most `blocks` ones.
    pub(crate) fn find(&self, inode: &Inode, index: u64, blocks: u64) -> Result<Run, VolumeError> {
        if self.block_map(inode)? == BlockMap::Extents {
            return self.find_extent(inode, index, blocks);
        }
        match Path::new(&self.superblock, index) {
            Some(path) => Ok(self.search(inode, &path, blocks)?.run),
            None => Ok(Run { start: None, blocks, is_new: false }),
        }
    }

    /// Follows the pointers on `path`, and returns the run at its end, of at most `blocks` ones.
    pub(crate) fn search(
        &self,
        inode: &Inode,
        path: &Path,
        blocks: u64,
    ) -> Result<Found, VolumeError> {
        if inode.block_map() != BlockMap::Pointers {
            return Err(VolumeError::Damaged("the pointers of an inode"));
        }
        let mut table = None;
        for level in 0..path.depth {
            let pointer = match table {
                None => inode.pointer(path.slots[0] as usize),
                Some(table) => self.pointer(table, path.slots[level])?,
            };
            if pointer == 0 {
                let blocks = blocks.min(path.blocks_below(&self.superblock, level));
                let run = Run { start: None, blocks, is_new: false };
                return Ok(Found { run, level, table });
            }
            self.check_run(BlockNumber(pointer), 1)?;
            table = Some(BlockNumber(pointer));
        }
        let slot = path.slots[path.depth];
        let run = match table {
            None => {
                let end = DIRECT.min(u64::from(slot) + blocks) as u32;
                let mut counter = Counter::default();
                (slot..end).take_while(|slot| counter.count(inode.pointer(*slot as usize))).count();
                counter
            }
            Some(table) => self.count_run(table, slot, blocks)?,
        };
        let start = (run.first != 0).then_some(BlockNumber(run.first));
        if let Some(start) = start {
            self.check_run(start, run.blocks)?;
        }
        let run = Run { start, blocks: run.blocks.into(), is_new: false };
        Ok(Found { run, level: path.depth, table })
    }

    /// Returns the run that begins in the slot `slot` of a table of the lowest level.
    fn count_run(
        &self,
        table: BlockNumber,
        slot: u32,
        blocks: u64,
    ) -> Result<Counter, VolumeError> {
        let slots = 1_u32 << self.superblock.pointers_shift();
        let end = (u64::from(slot) + blocks).min(slots.into()) as u32;
        let mut counter = Counter::default();
        let mut next = slot;
        while next < end {
            let part = ((end - next) as usize).min(POINTERS_READ);
            let mut bytes = [0; POINTERS_READ * 4];
            let bytes = &mut bytes[..part * 4];
            self.medium.read(self.superblock.at(table) + u64::from(next) * 4, bytes)?;
            if !bytes.chunks_exact(4).all(|pointer| counter.count(u32_at(pointer, 0))) {
                break;
            }
            next += part as u32;
        }
        Ok(counter)
    }

    /// Reads a pointer of a table.
    fn pointer(&self, table: BlockNumber, slot: u32) -> Result<u32, VolumeError> {
        let mut bytes = [0; 4];
        self.medium.read(self.superblock.at(table) + u64::from(slot) * 4, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }
}

/// Counts pointers that lead to successive blocks, or to none.
#[derive(Default)]
struct Counter {
    /// The first pointer.
    first: u32,
    blocks: u32,
}

impl Counter {
    /// Counts a pointer, unless it doesn't continue the run. Returns whether it does.
    fn count(&mut self, pointer: u32) -> bool {
        if self.blocks == 0 {
            self.first = pointer;
        }
        let expected = if self.first == 0 { Some(0) } else { self.first.checked_add(self.blocks) };
        let continues = expected == Some(pointer);
        self.blocks += u32::from(continues);
        continues
    }
}
