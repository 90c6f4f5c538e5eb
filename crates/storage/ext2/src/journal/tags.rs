//! The blocks that a descriptor block names, whose copies follow it, and those that a revocation
//! block names, whose older copies don't count.
//!
//! Source: Linux, Documentation/filesystems/ext4/journal.rst, "Descriptor Block", "Revocation Block".

use volume::VolumeError;

use super::format::{Checksums, DAMAGE, Format, HEADER_BYTES, u32_at};

/// The copy is escaped.
const ESCAPED: u32 = 0x1;
/// No UUID follows.
const SAME_UUID: u32 = 0x2;
const LAST: u32 = 0x8;

const UUID_BYTES: usize = 16;

/// The bytes of a revocation block before the numbers.
const REVOCATION_HEADER_BYTES: usize = HEADER_BYTES + 4;

/// The name of a block in a descriptor block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub block: u64,
    pub is_escaped: bool,
    pub checksum: u32,
}

/// The names in a descriptor block.
pub(super) struct Tags<'a> {
    bytes: &'a [u8],
    format: &'a Format,
    next: usize,
    is_last: bool,
}

impl<'a> Tags<'a> {
    pub(super) fn new(block: &'a [u8], format: &'a Format) -> Self {
        let bytes = &block[..format.end(block)];
        Self { bytes, format, next: HEADER_BYTES, is_last: false }
    }

    /// Returns the next name; `None` after the last one.
    pub(super) fn next(&mut self) -> Result<Option<Tag>, VolumeError> {
        let len_bytes = match (self.format.checksums, self.format.is_wide) {
            (Checksums::None, false) => 8,
            (Checksums::None, true) => 12,
            (Checksums::V2, false) => 10,
            (Checksums::V2, true) => 14,
            (Checksums::V3, _) => 16,
        };
        if self.is_last {
            return Ok(None);
        }
        // A descriptor block that is full may have no mark of the last name.
        let Some(tag) = self.bytes.get(self.next..self.next + len_bytes) else {
            return if self.next == HEADER_BYTES { Err(DAMAGE) } else { Ok(None) };
        };
        let low = u32_at(tag, 0);
        let high = if self.format.is_wide { u32_at(tag, 8) } else { 0 };
        let (flags, checksum) = match self.format.checksums {
            Checksums::V3 => (u32_at(tag, 4), u32_at(tag, 12)),
            Checksums::None | Checksums::V2 => {
                let both = u32_at(tag, 4);
                (both & 0xFFFF, both >> 16)
            }
        };
        self.is_last = flags & LAST != 0;
        self.next += len_bytes + if flags & SAME_UUID == 0 { UUID_BYTES } else { 0 };
        let block = u64::from(high) << 32 | u64::from(low);
        Ok(Some(Tag { block, is_escaped: flags & ESCAPED != 0, checksum }))
    }
}

/// Returns the numbers of the blocks in a revocation block.
pub(super) fn revoked<'a>(
    block: &'a [u8],
    format: &Format,
) -> Result<impl Iterator<Item = u64> + use<'a>, VolumeError> {
    let len_bytes = u32_at(block, HEADER_BYTES) as usize;
    let numbers =
        block[..format.end(block)].get(REVOCATION_HEADER_BYTES..len_bytes).ok_or(DAMAGE)?;
    let number_bytes = if format.is_wide { 8 } else { 4 };
    Ok(numbers
        .chunks_exact(number_bytes)
        .map(|bytes| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))))
}
