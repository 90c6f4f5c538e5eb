//! The allocation of a file's blocks, with the tables that lead to them.

use volume::{Medium, Stage, VolumeError};

use crate::block_map::{Found, POINTERS_READ, Run};
use crate::ext2::Ext2;
use crate::fields::{BlockNumber, InodeNumber};
use crate::inode::Inode;
use crate::tree::{DEPTH_MAX, DIRECT, Path, file_max_blocks};

impl<M: Medium> Ext2<M> {
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
            self.medium.write(Stage::Second, at, &bytes[..part as usize * 4])?;
            written += part;
        }
        Ok(())
    }
}
