//! Where the bytes of a file are on the disk, as far as that was looked up.
//!
//! A file system finds the place of a byte by its structures: pointers, extents, a chain of clusters. As
//! long as the file isn't truncated, a byte stays where it is, so what was found is known from then on.
//!
//! ```
//! use known_extents::{KnownExtents, Piece};
//! let mut known = KnownExtents::new();
//! known.add(0..8192, 40960);
//! known.add(8192..12288, 49152);
//! assert_eq!(known.find(4096), Some(Piece { place: 45056, len_bytes: 8192 }));
//! assert_eq!(known.find(12288), None);
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::ops::Range;

/// The most extents that are known of a file. With one more, all others are forgotten.
pub const EXTENTS_MAX: usize = 256;

/// Bytes that are in one piece on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The offset of the first one on the disk.
    pub place: u64,
    /// The number of bytes.
    pub len_bytes: u64,
}

/// The bytes from `start` to `end` of a file, which are in one piece from `place` on.
#[derive(Clone, Copy, Debug)]
struct Extent {
    start: u64,
    end: u64,
    place: u64,
}

impl Extent {
    /// Returns whether both are in one piece if they touch or overlap.
    fn is_in_line_with(&self, other: &Self) -> bool {
        self.place.wrapping_sub(self.start) == other.place.wrapping_sub(other.start)
    }
}

/// The known places of a file's bytes.
#[derive(Debug, Default)]
pub struct KnownExtents {
    /// In the order of their bytes, without any overlap. Those that touch are not in line.
    list: Vec<Extent>,
}

impl KnownExtents {
    /// Makes a list without any bytes. It needs no memory.
    pub const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Returns where the byte at `offset` is, and how many bytes follow in one piece, with that one;
    /// `None` if it isn't known.
    pub fn find(&self, offset: u64) -> Option<Piece> {
        let extent = self.list.get(self.first_that_ends_after(offset))?;
        let skipped = offset.checked_sub(extent.start)?;
        Some(Piece { place: extent.place + skipped, len_bytes: extent.end - offset })
    }

    /// Adds bytes of the file that are in one piece from `place` on. What was known of them is replaced.
    /// Without memory, all is forgotten.
    pub fn add(&mut self, bytes: Range<u64>, place: u64) {
        if bytes.is_empty() {
            return;
        }
        let mut new = Extent { start: bytes.start, end: bytes.end, place };
        // Those before `first`, and from `end` on, stay.
        let mut first = self.first_that_ends_after(bytes.start);
        if let Some(before) = first.checked_sub(1)
            && self.list[before].end == bytes.start
            && self.list[before].is_in_line_with(&new)
        {
            first = before;
        }
        let mut end = first;
        while let Some(extent) = self.list.get(end) {
            let is_in_line = extent.is_in_line_with(&new);
            if extent.start > bytes.end || extent.start == bytes.end && !is_in_line {
                break;
            }
            if is_in_line {
                new.place = new.place.min(extent.place);
                new.start = new.start.min(extent.start);
                new.end = new.end.max(extent.end);
            }
            end += 1;
        }
        if first < end {
            self.list[first] = new;
            self.list.drain(first + 1..end);
            return;
        }
        if self.list.len() >= EXTENTS_MAX {
            self.clear();
            first = 0;
        }
        match self.list.try_reserve(1) {
            Ok(()) => self.list.insert(first, new),
            Err(_) => self.clear(),
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    fn first_that_ends_after(&self, offset: u64) -> usize {
        self.list.partition_point(|extent| extent.end <= offset)
    }
}
