//! The checksums of structures, which a volume with the feature metadata_csum has. Only volumes
//! without it are written.
//!
//! Source: Linux, Documentation/filesystems/ext4/checksums.rst.

use volume::{Medium, VolumeError};

use crate::checksum::checksum;
use crate::ext2::Ext2;
use crate::fields::{u16_at, u32_at};
use crate::inode::Inode;
use crate::superblock::INODE_BYTES;

/// The offsets of the halves of an inode's checksum.
const INODE_LOW_AT: usize = 0x7C;
const INODE_HIGH_AT: usize = 0x82;
/// The bytes after the known fields of an inode that are read at once.
const INODE_READ: usize = 128;

/// The record at the end of a directory's block: its bytes before the checksum.
const TAIL: [u8; 8] = [0, 0, 0, 0, 12, 0, 0, 0xDE];

impl<M: Medium> Ext2<M> {
    /// Returns the checksum with which those of a node's blocks begin; `None` if they have none.
    fn seed(&self, inode: &Inode) -> Option<u32> {
        let seed = self.superblock.checksum_seed?;
        let seed = checksum(seed, &inode.number.0.to_le_bytes());
        Some(checksum(seed, &inode.generation().to_le_bytes()))
    }

    /// Checks that the inode, which is at `at`, is as it was written.
    pub(crate) fn verify_inode(&self, inode: &Inode, at: u64) -> Result<(), VolumeError> {
        let Some(seed) = self.seed(inode) else { return Ok(()) };
        let fields = inode.bytes();
        let (first, extra) = fields.split_at(INODE_BYTES as usize);
        let has_high = !extra.is_empty()
            && INODE_BYTES as usize + usize::from(u16_at(extra, 0)) >= INODE_HIGH_AT + 2;
        let mut sum = checksum(seed, &first[..INODE_LOW_AT]);
        sum = checksum(checksum(sum, &[0; 2]), &first[INODE_LOW_AT + 2..]);
        if has_high {
            sum = checksum(checksum(sum, &fields[INODE_BYTES as usize..INODE_HIGH_AT]), &[0; 2]);
            sum = checksum(sum, &fields[INODE_HIGH_AT + 2..]);
        } else {
            sum = checksum(sum, extra);
        }
        let mut next = fields.len();
        let end = self.superblock.inode_bytes as usize;
        while next < end {
            let mut bytes = [0; INODE_READ];
            let bytes = &mut bytes[..INODE_READ.min(end - next)];
            self.medium.read(at + next as u64, bytes)?;
            sum = checksum(sum, bytes);
            next += bytes.len();
        }
        let low = u32::from(u16_at(fields, INODE_LOW_AT));
        let is_intact = if has_high {
            sum == u32::from(u16_at(fields, INODE_HIGH_AT)) << 16 | low
        } else {
            sum & 0xFFFF == low
        };
        if is_intact { Ok(()) } else { Err(VolumeError::Damaged("the checksum of an inode")) }
    }

    /// Checks that a block of a directory is as it was written. Those of an index aren't used, and
    /// are not checked.
    pub(crate) fn verify_directory_block(
        &self,
        directory: &Inode,
        index: u64,
        block: &[u8],
    ) -> Result<(), VolumeError> {
        let Some(seed) = self.seed(directory) else { return Ok(()) };
        let is_free = u32_at(block, 0) == 0 && usize::from(u16_at(block, 4)) == block.len();
        if directory.has_index() && (index == 0 || is_free) {
            return Ok(());
        }
        let (entries, tail) = block.split_at(block.len() - TAIL.len() - 4);
        let (tail, stored) = tail.split_at(TAIL.len());
        if tail == TAIL && checksum(seed, entries) == u32_at(stored, 0) {
            Ok(())
        } else {
            Err(VolumeError::Damaged("the checksum of a directory"))
        }
    }

    /// Checks that a block of extents, whose checksum is at `at`, is as it was written.
    pub(crate) fn verify_extents(
        &self,
        inode: &Inode,
        block: &[u8],
        at: usize,
    ) -> Result<(), VolumeError> {
        let Some(seed) = self.seed(inode) else { return Ok(()) };
        let is_intact = block
            .split_at_checked(at)
            .is_some_and(|(node, rest)| rest.starts_with(&checksum(seed, node).to_le_bytes()));
        if is_intact { Ok(()) } else { Err(VolumeError::Damaged("the checksum of extents")) }
    }
}
