//! Free blocks and inodes: to take and to return them.

use volume::{Medium, VolumeError};

use crate::bitmap;
use crate::ext2::Ext2;
use crate::fields::{BlockNumber, InodeNumber};
use crate::superblock::ROOT;

impl<M: Medium> Ext2<M> {
    /// Reads the bitmap of a group's blocks. Returns where it is.
    fn read_block_bitmap(&mut self, group: u32) -> Result<u64, VolumeError> {
        let at = self.superblock.at(self.groups.list[group as usize].block_bitmap);
        if self.block_bitmap.is_of(group) {
            return Ok(at);
        }
        self.block_bitmap.read(&self.medium, group, at)?;
        let start = u64::from(self.superblock.group_start(group));
        let structures = self.groups.list[group as usize].structures(group, &self.superblock);
        let is_right = structures.into_iter().all(|range| {
            let range = (range.start - start) as usize..(range.end - start) as usize;
            bitmap::all_set(self.block_bitmap.bits(), range)
        });
        if !is_right {
            self.block_bitmap.forget();
            return Err(VolumeError::Damaged("a bitmap of blocks"));
        }
        Ok(at)
    }

    /// Takes up to `wanted` free blocks in one piece, near `goal`, which needn't exist. Returns the
    /// first one and their number.
    pub(crate) fn allocate_blocks(
        &mut self,
        goal: BlockNumber,
        wanted: u32,
    ) -> Result<(BlockNumber, u32), VolumeError> {
        if self.free_blocks == 0 {
            return Err(VolumeError::NoSpace);
        }
        if let Some(found) = self.try_allocate_blocks(goal, wanted)? {
            return Ok(found);
        }
        if !self.freed_blocks.is_empty() {
            self.flush()?;
            if let Some(found) = self.try_allocate_blocks(goal, wanted)? {
                return Ok(found);
            }
        }
        Err(VolumeError::NoSpace)
    }

    /// As [`allocate_blocks`](Self::allocate_blocks), without those that were freed since the last
    /// flush.
    fn try_allocate_blocks(
        &mut self,
        goal: BlockNumber,
        wanted: u32,
    ) -> Result<Option<(BlockNumber, u32)>, VolumeError> {
        let superblock = &self.superblock;
        let is_possible = (superblock.first_data_block..superblock.blocks).contains(&goal.0);
        let goal = if is_possible { goal } else { BlockNumber(superblock.first_data_block) };
        let first = superblock.group_of(goal);
        let mut goal = (goal.0 - superblock.group_start(first)) as usize;
        for group in (first..superblock.groups()).chain(0..first) {
            let start = core::mem::take(&mut goal);
            if self.groups.list[group as usize].free_blocks == 0 {
                continue;
            }
            let at = self.read_block_bitmap(group)?;
            let end = self.superblock.group_blocks(group) as usize;
            let bits = self.freed_blocks.mask(group, self.block_bitmap.bits());
            let Some(found) = bitmap::find(bits, start, end) else { continue };
            let blocks = bitmap::clear_len(bits, found, end.min(found + wanted as usize));
            self.block_bitmap.put(&self.medium, at, found..found + blocks, true)?;
            let counts = self.groups.change(group);
            counts.free_blocks = counts.free_blocks.saturating_sub(blocks as u16);
            self.free_blocks = self.free_blocks.saturating_sub(blocks as u64);
            let block = BlockNumber(self.superblock.group_start(group) + found as u32);
            return Ok(Some((block, blocks as u32)));
        }
        Ok(None)
    }

    /// Returns blocks of a file. Those that are free already stay so, and are reported as damage.
    pub(crate) fn free_run(&mut self, start: BlockNumber, blocks: u32) -> Result<(), VolumeError> {
        self.check_run(start, blocks)?;
        let (mut next, end) = (start.0, start.0 + blocks);
        let mut is_right = true;
        while next < end {
            let group = self.superblock.group_of(BlockNumber(next));
            let at = self.read_block_bitmap(group)?;
            let group_start = self.superblock.group_start(group);
            let group_blocks = self.superblock.group_blocks(group);
            let part_end = end.min(group_start + group_blocks);
            let range = (next - group_start) as usize..(part_end - group_start) as usize;
            let wanted = range.len();
            let bitmap_bytes = self.block_bitmap.bits().len();
            let noted = self.freed_blocks.add(group, range.clone(), bitmap_bytes);
            let freed = self.block_bitmap.put(&self.medium, at, range, false)?;
            is_right &= freed == wanted;
            let counts = self.groups.change(group);
            let free = (u32::from(counts.free_blocks) + freed as u32).min(group_blocks);
            self.free_blocks += u64::from(free - u32::from(counts.free_blocks));
            counts.free_blocks = free as u16;
            if noted.is_err() {
                // Nothing on the disk leads to the blocks after this.
                self.flush()?;
            }
            next = part_end;
        }
        if is_right { Ok(()) } else { Err(VolumeError::Damaged("a block of a file is free")) }
    }

    /// Reads the bitmap of a group's inodes. Returns where it is.
    fn read_inode_bitmap(&mut self, group: u32) -> Result<u64, VolumeError> {
        let at = self.superblock.at(self.groups.list[group as usize].inode_bitmap);
        self.inode_bitmap.read(&self.medium, group, at)?;
        Ok(at)
    }

    /// Takes a free inode for a node in the directory `parent`.
    pub(crate) fn allocate_inode(
        &mut self,
        parent: InodeNumber,
        is_directory: bool,
    ) -> Result<InodeNumber, VolumeError> {
        match self.try_allocate_inode(parent, is_directory) {
            Err(VolumeError::NoSpace) if !self.freed_inodes.is_empty() => {
                self.flush()?;
                self.try_allocate_inode(parent, is_directory)
            }
            result => result,
        }
    }

    /// As [`allocate_inode`](Self::allocate_inode), without those that were freed since the last
    /// flush.
    fn try_allocate_inode(
        &mut self,
        parent: InodeNumber,
        is_directory: bool,
    ) -> Result<InodeNumber, VolumeError> {
        let per_group = self.superblock.inodes_per_group;
        let mut first = self.superblock.inode_place(parent).0;
        if is_directory {
            first = self.group_for_directory(parent, first);
        }
        let order = || (first..self.superblock.groups()).chain(0..first);
        let group = |number: u32| &self.groups.list[number as usize];
        // A group without free blocks is the last choice, and one whose count was wrong none.
        let with_blocks = order().filter(|number| group(*number).free_blocks > 0);
        let without = order().filter(|number| group(*number).free_blocks == 0);
        let mut candidates =
            with_blocks.chain(without).filter(|number| group(*number).free_inodes > 0);
        // Usually the first candidate has a free inode, and the others needn't be found.
        let Some(mut number) = candidates.next() else { return Err(VolumeError::NoSpace) };
        for _ in 0..self.superblock.groups() {
            if self.groups.list[number as usize].free_inodes > 0 {
                let at = self.read_inode_bitmap(number)?;
                let reserved = (self.superblock.first_inode - 1).saturating_sub(number * per_group);
                let range = reserved.min(per_group) as usize..per_group as usize;
                let bits = self.freed_inodes.mask(number, self.inode_bitmap.bits());
                if let Some(index) = bitmap::first_clear(bits, range) {
                    let inode = InodeNumber(number * per_group + index as u32 + 1);
                    return self.take_inode(inode, at, is_directory);
                }
            }
            number = (number + 1) % self.superblock.groups();
        }
        Err(VolumeError::NoSpace)
    }

    /// Takes an inode that is free according to the bitmap at `bitmap_at`, which was read.
    fn take_inode(
        &mut self,
        inode: InodeNumber,
        bitmap_at: u64,
        is_directory: bool,
    ) -> Result<InodeNumber, VolumeError> {
        // The kernel must not get an inode twice, even if the bitmap is damaged.
        if !self.read_inode(inode)?.is_free() {
            return Err(VolumeError::Damaged("a bitmap of inodes"));
        }
        let (group, index) = self.superblock.inode_place(inode);
        let range = index as usize..index as usize + 1;
        self.inode_bitmap.put(&self.medium, bitmap_at, range, true)?;
        let counts = self.groups.change(group);
        counts.free_inodes = counts.free_inodes.saturating_sub(1);
        counts.directories = counts.directories.saturating_add(is_directory.into());
        self.free_inodes = self.free_inodes.saturating_sub(1);
        Ok(inode)
    }

    /// Returns the group for a new directory: that of its parent unless much of it is used, so that
    /// the directories of the root, and those of full groups, are spread.
    fn group_for_directory(&self, parent: InodeNumber, parent_group: u32) -> u32 {
        let groups = self.groups.list.len() as u64;
        let (blocks, inodes) = (self.free_blocks / groups, self.free_inodes / groups);
        let own = &self.groups.list[parent_group as usize];
        let is_roomy =
            u64::from(own.free_blocks) >= blocks / 2 && u64::from(own.free_inodes) > inodes / 2;
        if parent != ROOT && is_roomy {
            return parent_group;
        }
        let candidates = self.groups.list.iter().enumerate();
        candidates
            .filter(|(_, group)| u64::from(group.free_inodes) >= inodes.max(1))
            .max_by_key(|(index, group)| (group.free_blocks, core::cmp::Reverse(*index)))
            .map_or(parent_group, |(index, _)| index as u32)
    }

    /// Returns an inode.
    pub(crate) fn free_inode(
        &mut self,
        inode: InodeNumber,
        is_directory: bool,
    ) -> Result<(), VolumeError> {
        let (group, index) = self.superblock.inode_place(inode);
        let at = self.read_inode_bitmap(group)?;
        let range = index as usize..index as usize + 1;
        let bitmap_bytes = self.inode_bitmap.bits().len();
        let noted = self.freed_inodes.add(group, range.clone(), bitmap_bytes);
        if self.inode_bitmap.put(&self.medium, at, range, false)? == 0 {
            return Err(VolumeError::Damaged("an inode in use is free"));
        }
        let most = self.superblock.inodes_per_group;
        let counts = self.groups.change(group);
        if u32::from(counts.free_inodes) < most {
            counts.free_inodes += 1;
            self.free_inodes += 1;
        }
        counts.directories = counts.directories.saturating_sub(is_directory.into());
        // Without a note, it may only be used again after a flush.
        if noted.is_err() { self.flush() } else { Ok(()) }
    }
}
