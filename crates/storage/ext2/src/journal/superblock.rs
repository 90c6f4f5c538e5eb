//! The superblock of a journal, which is the first block of its file.
//!
//! Source: Linux, Documentation/filesystems/ext4/journal.rst, "Super Block".

use volume::VolumeError;

use super::format::{Checksums, DAMAGE, Format, MAGIC, u32_at};
use crate::checksum::{START, checksum};

/// The bytes of its fields.
const BYTES: usize = 1024;
const CHECKSUM_AT: usize = 0xFC;
const UUID: core::ops::Range<usize> = 0x30..0x40;

/// The kinds of such a block: that of version 1 has no features.
const KIND_V1: u32 = 3;
const KIND_V2: u32 = 4;

const REVOKE: u32 = 0x1;
const WIDE: u32 = 0x2;
const ASYNC_COMMIT: u32 = 0x4;
const CHECKSUM_V2: u32 = 0x8;
const CHECKSUM_V3: u32 = 0x10;
const FAST_COMMIT: u32 = 0x20;

/// The superblock of a journal.
#[derive(Clone, Debug)]
pub(super) struct Superblock {
    /// The first block of the log in the file, and the end of it.
    pub first: u32,
    pub end: u32,
    /// Where the oldest transaction begins that matters; 0 if there is none.
    pub start: u32,
    /// The number of that transaction.
    pub sequence: u32,
    pub format: Format,
}

impl Superblock {
    /// Reads the first block of a journal in a file of `blocks` blocks.
    pub(super) fn parse(block: &[u8], blocks: u64) -> Result<Self, VolumeError> {
        let field = |at| u32_at(block, at);
        let has_features = match (field(0), field(4)) {
            (MAGIC, KIND_V1) => false,
            (MAGIC, KIND_V2) => true,
            _ => return Err(DAMAGE),
        };
        let features = if has_features { field(0x28) } else { 0 };
        let checksums = match features & (CHECKSUM_V2 | CHECKSUM_V3) {
            0 => Checksums::None,
            CHECKSUM_V2 => Checksums::V2,
            CHECKSUM_V3 => Checksums::V3,
            _ => return Err(DAMAGE),
        };
        let this = Self {
            first: field(0x14),
            end: field(0x10),
            start: field(0x1C),
            sequence: field(0x18),
            format: Format {
                is_wide: features & WIDE != 0,
                checksums,
                seed: checksum(START, &block[UUID]),
            },
        };
        let is_log = field(0xC) as usize == block.len()
            && (1..this.end).contains(&this.first)
            && u64::from(this.end) <= blocks
            && (this.start == 0 || (this.first..this.end).contains(&this.start));
        if !is_log || checksums != Checksums::None && !is_intact(block) {
            return Err(DAMAGE);
        }
        this.check(features)?;
        Ok(this)
    }

    /// Checks that the changes in the log can be read.
    fn check(&self, features: u32) -> Result<(), VolumeError> {
        // Nothing is read of a log without changes.
        let unsupported = if self.start == 0 { 0 } else { features };
        let unsupported = unsupported & !(REVOKE | WIDE | CHECKSUM_V2 | CHECKSUM_V3);
        match unsupported {
            0 => Ok(()),
            _ if unsupported & ASYNC_COMMIT != 0 => {
                Err(VolumeError::Unsupported("a journal with the feature async_commit"))
            }
            _ if unsupported & FAST_COMMIT != 0 => {
                Err(VolumeError::Unsupported("a journal with the feature fast_commit"))
            }
            _ => Err(VolumeError::Unsupported("a journal with an unknown feature")),
        }
    }
}

/// Returns whether the checksum is right.
fn is_intact(block: &[u8]) -> bool {
    let (before, rest) = block[..BYTES].split_at(CHECKSUM_AT);
    let (stored, after) = rest.split_at(4);
    let computed = [before, &[0; 4], after].into_iter().fold(START, checksum);
    computed == u32_at(stored, 0)
}
