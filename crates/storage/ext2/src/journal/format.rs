//! What the blocks of the log begin and end with. All numbers are big-endian.
//!
//! Source: Linux, Documentation/filesystems/ext4/journal.rst, "Block Header", "Descriptor Block",
//! "Commit Block".

use volume::VolumeError;

use crate::checksum::checksum;

pub(super) const DAMAGE: VolumeError = VolumeError::Damaged("the journal");

pub(super) const MAGIC: u32 = 0xC03B_3998;
/// The bytes of the header of a block.
pub(super) const HEADER_BYTES: usize = 12;
/// The bytes at the end of a descriptor block and of a revocation block, if they have a checksum.
const TAIL_BYTES: usize = 4;
/// The offset of the checksum of a commit block.
const COMMIT_CHECKSUM_AT: usize = 16;

/// Reads the field at `at`, which is within `bytes`.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The kind of a block of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// It names the blocks whose copies follow.
    Descriptor,
    /// It completes a transaction.
    Commit,
    /// It names blocks whose older copies don't count.
    Revocation,
}

/// Returns the kind of a block of the transaction `sequence`; `None` if it isn't one of it.
pub(super) fn kind(block: &[u8], sequence: u32) -> Option<BlockKind> {
    if u32_at(block, 0) != MAGIC || u32_at(block, 8) != sequence {
        return None;
    }
    match u32_at(block, 4) {
        1 => Some(BlockKind::Descriptor),
        2 => Some(BlockKind::Commit),
        5 => Some(BlockKind::Revocation),
        _ => None,
    }
}

/// The version of the checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checksums {
    /// There are none.
    None,
    /// Those of copies have 16 bits.
    V2,
    /// All have 32 bits.
    V3,
}

/// The format of the log's blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    /// Whether numbers of blocks have 64 bits.
    pub is_wide: bool,
    pub checksums: Checksums,
    /// The checksum of the journal's UUID, with which all others begin.
    pub seed: u32,
}

impl Format {
    /// Returns the end of what a descriptor block or a revocation block contains.
    pub(super) fn end(&self, block: &[u8]) -> usize {
        match self.checksums {
            Checksums::None => block.len(),
            Checksums::V2 | Checksums::V3 => block.len() - TAIL_BYTES,
        }
    }

    /// Returns whether a descriptor block or a revocation block is as it was written.
    pub(super) fn is_intact(&self, block: &mut [u8]) -> bool {
        let at = block.len() - TAIL_BYTES;
        self.is_block_intact(block, at)
    }

    /// Returns whether a commit block is as it was written.
    pub(super) fn is_commit_intact(&self, block: &mut [u8]) -> bool {
        self.is_block_intact(block, COMMIT_CHECKSUM_AT)
    }

    /// Returns whether a block with its checksum at `at` is as it was written. The checksum becomes
    /// 0, as it was when it was computed.
    fn is_block_intact(&self, block: &mut [u8], at: usize) -> bool {
        if self.checksums == Checksums::None {
            return true;
        }
        let stored = u32_at(block, at);
        block[at..at + 4].fill(0);
        checksum(self.seed, block) == stored
    }

    /// Returns whether the copy of a block in the transaction `sequence` is as it was written, by the
    /// checksum `stored`.
    pub(super) fn is_copy_intact(&self, stored: u32, sequence: u32, copy: &[u8]) -> bool {
        let computed = || checksum(checksum(self.seed, &sequence.to_be_bytes()), copy);
        match self.checksums {
            Checksums::None => true,
            Checksums::V2 => stored == computed() & 0xFFFF,
            Checksums::V3 => stored == computed(),
        }
    }
}
