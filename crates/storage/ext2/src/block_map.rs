//! The look-up of a file's blocks, and their allocation.

use volume::{MapFor, Medium, VolumeError};

use crate::ext2::Ext2;
use crate::fields::{BlockNumber, InodeNumber, u32_at};
use crate::inode::Inode;
use crate::tree::{DEPTH_MAX, DIRECT, Path, file_max_blocks};

/// The number of pointers of a table that are read at once.
const POINTERS_READ: usize = 128;

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
struct Found {
    run: Run,
    /// The level at which the first pointer is missing, from the inode's on; the path's depth if it
    /// is the pointer to the block.
    level: usize,
    /// The table that has the slot of this level; `None` for the inode.
    table: Option<BlockNumber>,
}

impl<M: Medium> Ext2<M> {
    /// Returns the run of blocks from the block `index` of a file on, at most `blocks` ones.
    pub(crate) fn find(&self, inode: &Inode, index: u64, blocks: u64) -> Result<Run, VolumeError> {
        match Path::new(&self.superblock, index) {
            Some(path) => Ok(self.search(inode, &path, blocks)?.run),
            None => Ok(Run { start: None, blocks, is_new: false }),
        }
    }

    /// As [`find`](Self::find), but allocates blocks for a hole, as many as are free in one piece.
    pub(crate) fn find_or_allocate(
        &mut self,
        inode: &mut Inode,
        index: u64,
        blocks: u64,
    ) -> Result<Run, VolumeError> {
        let path = Path::new(&self.superblock, index).ok_or(VolumeError::TooLarge)?;
        let found = self.search(inode, &path, blocks)?;
        if found.run.start.is_some() {
            return Ok(found.run);
        }
        // Only what one table of the lowest level leads to is allocated at once.
        let in_table = if path.depth == 0 {
            DIRECT - u64::from(path.slots[0])
        } else {
            (1 << self.superblock.pointers_shift()) - u64::from(path.slots[path.depth])
        };
        let limit = file_max_blocks(&self.superblock).saturating_sub(index);
        let wanted = found.run.blocks.min(in_table).min(limit) as u32;
        if wanted == 0 {
            return Err(VolumeError::TooLarge);
        }
        self.allocate(inode, index, &path, &found, wanted)
    }

    /// Maps a part of a file, in blocks.
    pub(crate) fn map_blocks(
        &mut self,
        inode: &mut Inode,
        index: u64,
        blocks: u64,
        purpose: MapFor,
    ) -> Result<Run, VolumeError> {
        match purpose {
            MapFor::Find => self.find(inode, index, blocks),
            MapFor::Write => self.find_or_allocate(inode, index, blocks),
        }
    }

    fn search(&self, inode: &Inode, path: &Path, blocks: u64) -> Result<Found, VolumeError> {
        if !inode.has_pointers() {
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

    /// Allocates up to `wanted` blocks in one piece, and the tables that are missing on the way to
    /// them.
    fn allocate(
        &mut self,
        inode: &mut Inode,
        index: u64,
        path: &Path,
        found: &Found,
        wanted: u32,
    ) -> Result<Run, VolumeError> {
        let missing = path.depth - found.level;
        let per_block = 1_u32 << (self.superblock.block_shift - 9);
        let sectors = |blocks: u32| {
            let sectors = blocks.checked_add(missing as u32)?.checked_mul(per_block)?;
            inode.sectors().checked_add(sectors)
        };
        if sectors(wanted).is_none() {
            return Err(VolumeError::TooLarge);
        }
        let goal = self.goal(inode, index)?;
        let (tables, start, blocks) = self.allocate_path(goal, missing, wanted)?;
        let sectors = sectors(blocks).expect("it was checked for as many or more blocks");
        // From the lowest table up, so that each is complete when a pointer to it is written.
        let mut first = start;
        let mut pointers = blocks;
        for level in (0..missing).rev() {
            let table = tables[level];
            self.clear_block(table)?;
            self.write_pointers(table, path.slots[found.level + level + 1], first, pointers)?;
            (first, pointers) = (table, 1);
        }
        let slot = path.slots[found.level];
        match found.table {
            Some(table) => self.write_pointers(table, slot, first, pointers)?,
            None => {
                for pointer in 0..pointers {
                    inode.set_pointer((slot + pointer) as usize, first.0 + pointer);
                }
            }
        }
        inode.set_sectors(sectors);
        self.write_inode(inode)?;
        Ok(Run { start: Some(start), blocks: blocks.into(), is_new: true })
    }

    /// Takes `missing` blocks for tables, and up to `wanted` ones in one piece, or none at all.
    fn allocate_path(
        &mut self,
        mut goal: BlockNumber,
        missing: usize,
        wanted: u32,
    ) -> Result<([BlockNumber; DEPTH_MAX], BlockNumber, u32), VolumeError> {
        let mut tables = [BlockNumber(0); DEPTH_MAX];
        for taken in 0..=missing {
            let blocks = if taken == missing { wanted } else { 1 };
            match self.allocate_blocks(goal, blocks) {
                Ok((start, blocks)) if taken == missing => return Ok((tables, start, blocks)),
                Ok((start, _)) => {
                    tables[taken] = start;
                    goal = BlockNumber(start.0 + 1);
                }
                Err(error) => {
                    for table in &tables[..taken] {
                        self.free_run(*table, 1)?;
                    }
                    return Err(error);
                }
            }
        }
        unreachable!("the last round returns")
    }

    /// Returns where the block `index` of a file should be: after the one before it, or else at the
    /// start of the inode's group.
    fn goal(&self, inode: &Inode, index: u64) -> Result<BlockNumber, VolumeError> {
        if index > 0
            && let Some(before) = self.find(inode, index - 1, 1)?.start
        {
            return Ok(BlockNumber(before.0 + 1));
        }
        Ok(self.group_goal(inode.number))
    }

    /// Returns the first block of the group of an inode.
    pub(crate) fn group_goal(&self, inode: InodeNumber) -> BlockNumber {
        BlockNumber(self.superblock.group_start(self.superblock.inode_place(inode).0))
    }

    /// Writes pointers to `blocks` blocks from `first` on into a table.
    fn write_pointers(
        &self,
        table: BlockNumber,
        slot: u32,
        first: BlockNumber,
        blocks: u32,
    ) -> Result<(), VolumeError> {
        let mut written = 0;
        while written < blocks {
            let part = (blocks - written).min(POINTERS_READ as u32);
            let mut bytes = [0; POINTERS_READ * 4];
            for (index, pointer) in (0..part).zip(bytes.chunks_exact_mut(4)) {
                pointer.copy_from_slice(&(first.0 + written + index).to_le_bytes());
            }
            let at = self.superblock.at(table) + u64::from(slot + written) * 4;
            self.medium.write(at, &bytes[..part as usize * 4])?;
            written += part;
        }
        Ok(())
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
