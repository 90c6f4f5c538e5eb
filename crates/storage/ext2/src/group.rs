//! The groups: where their bitmaps and inodes are, and what is free in them.
//!
//! Source: "The Second Extended File System", D. Poirier, "Block Group Descriptor Table".

use alloc::vec::Vec;
use core::ops::Range;

use volume::{Medium, Stage, VolumeError};

use crate::checksum::checksum;
use crate::fields::{BlockNumber, u16_at, u32_at};
use crate::superblock::{DESCRIPTOR_BYTES_MAX, Superblock};

/// The offset of the counts in a descriptor: of free blocks, free inodes and directories.
const COUNTS_AT: u64 = 12;
/// The number of bytes of descriptors that are read at once.
const BYTES_READ: usize = DESCRIPTOR_BYTES_MAX as usize;
/// The offset of the checksum.
const CHECKSUM_AT: usize = 0x1E;
/// The higher halves of the places, and the end of them.
const HIGH_PLACES: Range<usize> = 32..44;

/// A group. Its places are checked: within the group, or the volume if it has flexible groups, and
/// apart from each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub block_bitmap: BlockNumber,
    pub inode_bitmap: BlockNumber,
    pub inode_table: BlockNumber,
    pub free_blocks: u16,
    pub free_inodes: u16,
    pub directories: u16,
}

impl Group {
    /// Reads a descriptor, and checks its places.
    fn parse(bytes: &[u8], number: u32, superblock: &Superblock) -> Result<Self, VolumeError> {
        let blocks = superblock.group_blocks(number);
        // Counts are no more than hints until a bitmap was read, but must be possible.
        let count = |at: usize, max: u32| u32::from(u16_at(bytes, at)).min(max) as u16;
        let this = Self {
            block_bitmap: BlockNumber(u32_at(bytes, 0)),
            inode_bitmap: BlockNumber(u32_at(bytes, 4)),
            inode_table: BlockNumber(u32_at(bytes, 8)),
            free_blocks: count(12, blocks),
            free_inodes: count(14, superblock.inodes_per_group),
            directories: count(16, superblock.inodes_per_group),
        };
        if let Some(seed) = superblock.checksum_seed {
            let (before, rest) = bytes.split_at(CHECKSUM_AT);
            let number = number.to_le_bytes();
            let sum = [&number, before, &[0; 2], &rest[2..]].into_iter().fold(seed, checksum);
            if sum as u16 != u16_at(rest, 0) {
                return Err(VolumeError::Damaged("the checksum of a group descriptor"));
            }
        }
        let high = bytes.get(HIGH_PLACES).unwrap_or_default();
        let (start, end) = if superblock.features.has_flexible_groups() {
            (superblock.first_data_block.into(), superblock.blocks.into())
        } else {
            let start = u64::from(superblock.group_start(number));
            (start, start + u64::from(blocks))
        };
        let ranges = this.structures(number, superblock);
        let is_within = ranges.iter().all(|range| range.start >= start && range.end <= end);
        let is_apart = ranges
            .iter()
            .enumerate()
            .all(|(index, range)| ranges[index + 1..].iter().all(|other| !overlap(range, other)));
        if is_within && is_apart && high.iter().all(|byte| *byte == 0) {
            Ok(this)
        } else {
            Err(VolumeError::Damaged("a group descriptor"))
        }
    }

    /// Returns the blocks of the group that hold no files.
    pub(crate) fn structures(&self, number: u32, superblock: &Superblock) -> [Range<u64>; 4] {
        let range =
            |start: u32, blocks: u32| u64::from(start)..u64::from(start) + u64::from(blocks);
        [
            range(superblock.group_start(number), superblock.copy_blocks(number)),
            range(self.block_bitmap.0, 1),
            range(self.inode_bitmap.0, 1),
            range(self.inode_table.0, superblock.inode_table_blocks()),
        ]
    }
}

/// Returns whether two ranges have a block in common.
pub(crate) fn overlap(one: &Range<u64>, other: &Range<u64>) -> bool {
    one.start.max(other.start) < one.end.min(other.end)
}

/// All groups.
#[derive(Debug)]
pub(crate) struct Groups {
    pub list: Vec<Group>,
    /// The number of blocks that hold no files, with those before the first group.
    pub structure_blocks: u64,
    /// The groups whose counts have changed are among these.
    changed: Range<usize>,
}

impl Groups {
    /// Reads all descriptors.
    pub(crate) fn read<M: Medium>(
        medium: &M,
        superblock: &Superblock,
    ) -> Result<Self, VolumeError> {
        let count = superblock.groups() as usize;
        let mut list = Vec::new();
        let mut structure_blocks = u64::from(superblock.first_data_block);
        let descriptor_bytes = superblock.descriptor_bytes as usize;
        let mut bytes = [0; BYTES_READ];
        while list.len() < count {
            let part = (count - list.len()).min(BYTES_READ / descriptor_bytes);
            let bytes = &mut bytes[..part * descriptor_bytes];
            medium.read(descriptor_at(superblock, list.len()), bytes)?;
            // The descriptors are checked before more memory is taken for the next ones.
            list.try_reserve(part).map_err(|_| VolumeError::NoMemory)?;
            for descriptor in bytes.chunks_exact(descriptor_bytes) {
                let number = list.len() as u32;
                let group = Group::parse(descriptor, number, superblock)?;
                let structures = group.structures(number, superblock);
                structure_blocks +=
                    structures.map(|range| range.end - range.start).iter().sum::<u64>();
                list.push(group);
            }
        }
        Ok(Self { list, structure_blocks, changed: 0..0 })
    }

    /// Returns a group in order to change its counts.
    pub(crate) fn change(&mut self, number: u32) -> &mut Group {
        let index = number as usize;
        self.changed = if self.changed.is_empty() {
            index..index + 1
        } else {
            self.changed.start.min(index)..self.changed.end.max(index + 1)
        };
        &mut self.list[index]
    }

    /// Returns whether counts have changed that weren't written.
    pub(crate) fn have_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Writes the counts that have changed.
    pub(crate) fn write<M: Medium>(
        &mut self,
        medium: &M,
        superblock: &Superblock,
    ) -> Result<(), VolumeError> {
        for index in self.changed.clone() {
            let group = &self.list[index];
            let mut counts = [0; 6];
            for (field, count) in counts.chunks_exact_mut(2).zip([
                group.free_blocks,
                group.free_inodes,
                group.directories,
            ]) {
                field.copy_from_slice(&count.to_le_bytes());
            }
            medium.write(Stage::Last, descriptor_at(superblock, index) + COUNTS_AT, &counts)?;
        }
        self.changed = 0..0;
        Ok(())
    }
}

/// Returns the offset of a descriptor, in bytes.
fn descriptor_at(superblock: &Superblock, index: usize) -> u64 {
    let table = BlockNumber(superblock.first_data_block + 1);
    superblock.at(table) + index as u64 * u64::from(superblock.descriptor_bytes)
}
