//! The release of a file's blocks.

use core::ops::Range;

use volume::{Medium, Stage, VolumeError};

use crate::block_map::POINTERS_READ;
use crate::ext2::Ext2;
use crate::fields::{BlockNumber, u32_at};
use crate::inode::{BlockMap, Inode};
use crate::tree::{DEPTH_MAX, DIRECT, table_blocks};

const ZEROS: [u8; POINTERS_READ * 4] = [0; POINTERS_READ * 4];

/// What the blocks of a node hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Bytes of a file, which don't pass through the medium.
    File,
    /// Entries, or the text of a link.
    Structures,
}

/// A release of blocks.
struct Release {
    contents: Contents,
    /// The number of blocks that were freed.
    freed: u64,
    /// Tables that stay, because they lead to other blocks too.
    kept: [u32; DEPTH_MAX],
    /// Successive blocks that are to be freed.
    run: Range<u32>,
    /// Pointers that can't be were dropped.
    is_damaged: bool,
}

impl<M: Medium> Ext2<M> {
    /// Frees the blocks of a file from the block `first` on, and writes the inode. Pointers that
    /// can't be are dropped, and reported in the end.
    pub(crate) fn free_blocks_from(
        &mut self,
        inode: &mut Inode,
        first: u64,
        contents: Contents,
    ) -> Result<(), VolumeError> {
        if inode.block_map() != BlockMap::Pointers {
            return Err(VolumeError::Damaged("the pointers of an inode"));
        }
        let mut release =
            Release { contents, freed: 0, kept: [0; DEPTH_MAX], run: 0..0, is_damaged: false };
        // The pointers leave the inode before their blocks are free, so that a failure of the disk
        // leaves no pointer to a free block.
        let before = inode.clone();
        for slot in first.min(DIRECT)..DIRECT {
            inode.set_pointer(slot as usize, 0);
        }
        let mut start = DIRECT;
        for depth in 1..=DEPTH_MAX {
            if first <= start {
                inode.set_pointer(DIRECT as usize + depth - 1, 0);
            }
            start += table_blocks(&self.superblock, depth);
        }
        self.write_inode(inode)?;
        for slot in first.min(DIRECT)..DIRECT {
            self.release(&mut release, before.pointer(slot as usize))?;
        }
        self.release_run(&mut release)?;
        let mut start = DIRECT;
        for depth in 1..=DEPTH_MAX {
            let blocks = table_blocks(&self.superblock, depth);
            let pointer = before.pointer(DIRECT as usize + depth - 1);
            if pointer != 0 && first < start + blocks {
                self.release_table(&mut release, pointer, depth, first.saturating_sub(start))?;
            }
            start += blocks;
        }
        if release.freed > 0 {
            let sectors = release.freed << (self.superblock.block_shift - 9);
            let rest = u64::from(inode.sectors()).saturating_sub(sectors);
            inode.set_sectors(rest as u32);
            self.write_inode(inode)?;
        }
        if release.is_damaged {
            return Err(VolumeError::Damaged("the pointers of an inode"));
        }
        Ok(())
    }

    /// Frees what a table of `depth` levels leads to, except for the first `keep` blocks, and the
    /// table itself if none is kept.
    fn release_table(
        &mut self,
        release: &mut Release,
        table: u32,
        depth: usize,
        keep: u64,
    ) -> Result<(), VolumeError> {
        let block = BlockNumber(table);
        if keep == 0 {
            // The table becomes free first: a second pointer to it is found by that, so that each
            // table is read once.
            let is_free = release.kept.contains(&table) || !self.release_block(block)?;
            if is_free {
                release.is_damaged = true;
                return Ok(());
            }
            release.freed += 1;
        } else {
            if release.kept.contains(&table) || self.check_run(block, 1).is_err() {
                release.is_damaged = true;
                return Ok(());
            }
            release.kept[depth - 1] = table;
        }
        let result = self.release_pointers(release, block, depth, keep);
        if keep == 0 {
            self.discard(block, 1);
        }
        result
    }

    /// Frees what the pointers of a table lead to, except for the first `keep` blocks.
    fn release_pointers(
        &mut self,
        release: &mut Release,
        table: BlockNumber,
        depth: usize,
        keep: u64,
    ) -> Result<(), VolumeError> {
        let blocks_each = table_blocks(&self.superblock, depth - 1);
        let slots = 1_u64 << self.superblock.pointers_shift();
        let mut slot = keep / blocks_each;
        let mut keep_below = keep % blocks_each;
        while slot < slots {
            let part = (slots - slot).min(POINTERS_READ as u64) as usize;
            let mut bytes = [0; POINTERS_READ * 4];
            let bytes = &mut bytes[..part * 4];
            let at = self.superblock.at(table) + slot * 4;
            self.medium.read(at, bytes)?;
            if keep > 0 {
                // The first table below may stay too.
                let first = if keep_below > 0 { 4 } else { 0 };
                if bytes[first..].iter().any(|byte| *byte != 0) {
                    self.medium.write(Stage::Last, at + first as u64, &ZEROS[first..part * 4])?;
                }
            }
            for pointer in bytes.chunks_exact(4) {
                let pointer = u32_at(pointer, 0);
                let keep = core::mem::take(&mut keep_below);
                if depth == 1 {
                    self.release(release, pointer)?;
                } else if pointer != 0 {
                    self.release_table(release, pointer, depth - 1, keep)?;
                }
            }
            slot += part as u64;
        }
        self.release_run(release)
    }

    /// Frees the block of a pointer, if there is one, together with its neighbours.
    fn release(&mut self, release: &mut Release, pointer: u32) -> Result<(), VolumeError> {
        if pointer != 0 && pointer == release.run.end && !release.run.is_empty() {
            release.run.end = pointer.saturating_add(1);
            return Ok(());
        }
        if pointer != 0 {
            self.release_run(release)?;
            release.run = pointer..pointer.saturating_add(1);
        }
        Ok(())
    }

    /// Frees the blocks that were put off.
    fn release_run(&mut self, release: &mut Release) -> Result<(), VolumeError> {
        let run = core::mem::take(&mut release.run);
        if run.is_empty() {
            return Ok(());
        }
        let (start, blocks) = (BlockNumber(run.start), run.end - run.start);
        let has_table = release.kept.iter().any(|table| run.contains(table));
        if has_table || self.check_run(start, blocks).is_err() {
            release.is_damaged = true;
            return Ok(());
        }
        if release.contents == Contents::Structures {
            self.discard(start, blocks);
        }
        match self.free_run(start, blocks) {
            Ok(()) => release.freed += u64::from(blocks),
            Err(VolumeError::Damaged(_)) => release.is_damaged = true,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Frees a block. Returns whether it was in use.
    fn release_block(&mut self, block: BlockNumber) -> Result<bool, VolumeError> {
        match self.free_run(block, 1) {
            Ok(()) => Ok(true),
            Err(VolumeError::Damaged(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
