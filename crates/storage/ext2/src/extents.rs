//! The look-up of a file's blocks by extents: a tree whose root is in the inode.
//!
//! Source: Linux, Documentation/filesystems/ext4/ifork.rst, "Extent Tree".

use alloc::vec::Vec;
use core::ops::Range;

use volume::{Medium, VolumeError};

use crate::block_map::Run;
use crate::ext2::Ext2;
use crate::fields::{BlockNumber, u16_at, u32_at};
use crate::inode::Inode;

const MAGIC: u16 = 0xF30A;
/// The bytes of the header of a node, and of each of its entries.
const ENTRY_BYTES: usize = 12;
/// The most levels below the root. 2^32 blocks need no more.
const DEPTH_MAX: u16 = 5;
/// The most blocks of an extent. One with more has as many less, which were never written.
const WRITTEN_BLOCKS_MAX: u16 = 1 << 15;
/// The number of blocks that a file can have.
const FILE_BLOCKS: u64 = 1 << 32;

const DAMAGE: VolumeError = VolumeError::Damaged("the extents of an inode");

/// The entry of a node that is responsible for a block of the file.
struct Entry<'a> {
    bytes: &'a [u8],
    /// The blocks of the file from the entry's first one up to that of the next entry.
    blocks: Range<u64>,
}

/// A node of the tree, which is responsible for a range of a file's blocks.
struct Node<'a> {
    entries: &'a [u8],
    depth: u16,
    blocks: Range<u64>,
}

impl<'a> Node<'a> {
    fn parse(bytes: &'a [u8], blocks: Range<u64>) -> Result<Self, VolumeError> {
        let (header, rest) = bytes.split_at(ENTRY_BYTES);
        let len_bytes = usize::from(u16_at(header, 2)) * ENTRY_BYTES;
        let entries = rest.get(..len_bytes).filter(|_| u16_at(header, 0) == MAGIC);
        let depth = u16_at(header, 6);
        if depth > DEPTH_MAX {
            return Err(DAMAGE);
        }
        Ok(Self { entries: entries.ok_or(DAMAGE)?, depth, blocks })
    }

    /// Returns the last entry that begins at the block `index` or before it, or where the first
    /// one begins. The entries have to be in order.
    fn find(&self, index: u64) -> Result<Result<Entry<'a>, u64>, VolumeError> {
        let mut found = None;
        let mut least = self.blocks.start;
        for bytes in self.entries.chunks_exact(ENTRY_BYTES) {
            let start = u64::from(u32_at(bytes, 0));
            if !(least..self.blocks.end).contains(&start) {
                return Err(DAMAGE);
            }
            if start > index {
                return Ok(match found {
                    Some((bytes, first)) => Ok(Entry { bytes, blocks: first..start }),
                    None => Err(start),
                });
            }
            found = Some((bytes, start));
            least = start + 1;
        }
        let end = self.blocks.end;
        Ok(found.map(|(bytes, start)| Entry { bytes, blocks: start..end }).ok_or(end))
    }
}

/// Returns the number of levels below the root of an inode with extents.
#[cfg(test)]
pub(crate) fn depth(inode: &Inode) -> u16 {
    u16_at(inode.map_bytes(), 6)
}

/// Returns the number of a block whose higher 16 bits are apart.
fn block_number(low: u32, high: u16) -> Result<BlockNumber, VolumeError> {
    if high == 0 {
        Ok(BlockNumber(low))
    } else {
        Err(VolumeError::Damaged("the number of a block"))
    }
}

impl<M: Medium> Ext2<M> {
    /// Returns the run of blocks from the block `index` of a file with extents on, at most `blocks`
    /// ones. Blocks that were never written are a hole.
    pub(crate) fn find_extent(
        &self,
        inode: &Inode,
        index: u64,
        blocks: u64,
    ) -> Result<Run, VolumeError> {
        let hole = |end: u64| Run { start: None, blocks: blocks.min(end - index), is_new: false };
        if index >= FILE_BLOCKS {
            return Ok(Run { start: None, blocks, is_new: false });
        }
        let mut node = Node::parse(inode.map_bytes(), 0..FILE_BLOCKS)?;
        let mut buffer = if node.depth > 0 { self.block_buffer()? } else { Vec::new() };
        while node.depth > 0 {
            let entry = match node.find(index)? {
                Ok(entry) => entry,
                Err(end) => return Ok(hole(end)),
            };
            let block = block_number(u32_at(entry.bytes, 4), u16_at(entry.bytes, 8))?;
            let (depth, range) = (node.depth, entry.blocks);
            self.check_run(block, 1)?;
            self.medium.read(self.superblock.at(block), &mut buffer)?;
            self.verify_extents(
                inode,
                &buffer,
                (1 + usize::from(u16_at(&buffer, 4))) * ENTRY_BYTES,
            )?;
            node = Node::parse(&buffer, range)?;
            if node.depth != depth - 1 || node.entries.is_empty() {
                return Err(DAMAGE);
            }
        }
        let entry = match node.find(index)? {
            Ok(entry) => entry,
            Err(end) => return Ok(hole(end)),
        };
        let len = u16_at(entry.bytes, 4);
        let is_written = len <= WRITTEN_BLOCKS_MAX;
        let len = if is_written { len } else { len - WRITTEN_BLOCKS_MAX };
        let start = block_number(u32_at(entry.bytes, 8), u16_at(entry.bytes, 6))?;
        let end = entry.blocks.start + u64::from(len);
        if len == 0 || end > entry.blocks.end {
            return Err(DAMAGE);
        }
        self.check_run(start, len.into())?;
        if index >= end {
            return Ok(hole(entry.blocks.end));
        }
        if !is_written {
            return Ok(hole(end));
        }
        let first = start.0 + (index - entry.blocks.start) as u32;
        Ok(Run { start: Some(BlockNumber(first)), blocks: blocks.min(end - index), is_new: false })
    }
}
