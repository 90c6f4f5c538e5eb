//! A ring of the newest lines of a log.
//!
//! It has no lock: an interrupt handler may write a line while it interrupts another write,
//! and a failure report may read a line that is half written. A writer reserves the bytes
//! of its line by one atomic addition, and then fills them. At worst, a reader sees old
//! bytes in places that are reserved but not yet filled.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

#[cfg(test)]
mod tests;

use core::ops::Range;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// Marks the start of a line; the lower bits are the line's level. A line is ASCII, so none
/// of its bytes has this bit.
const START: u8 = 0x80;

/// The highest level of a line.
pub const LEVEL_MAX: u8 = 0x0F;

/// The newest lines, in `BYTES` bytes.
pub struct LogRing<const BYTES: usize> {
    bytes: [AtomicU8; BYTES],
    /// The number of all bytes written so far.
    written: AtomicUsize,
}

impl<const BYTES: usize> LogRing<BYTES> {
    /// Returns an empty ring.
    pub const fn new() -> Self {
        Self { bytes: [const { AtomicU8::new(0) }; BYTES], written: AtomicUsize::new(0) }
    }

    /// Appends `line` with a level of at most [`LEVEL_MAX`]. A character that isn't ASCII
    /// becomes a question mark, a line longer than the ring is truncated, and a line feed
    /// at the end is dropped.
    pub fn push(&self, level: u8, line: &str) {
        let line = line.trim_end_matches('\n');
        let shown = line.chars().map(|c| if c.is_ascii() { c as u8 } else { b'?' });
        let len_bytes = 1 + shown.clone().count().min(BYTES - 1);
        let start = self.written.fetch_add(len_bytes, Ordering::AcqRel);
        let bytes = core::iter::once(START | level.min(LEVEL_MAX)).chain(shown).take(len_bytes);
        for (index, byte) in bytes.enumerate() {
            self.bytes[start.wrapping_add(index) % BYTES].store(byte, Ordering::Release);
        }
    }

    /// Returns the number of all bytes written so far: the position where the next line begins.
    pub fn end(&self) -> usize {
        self.written.load(Ordering::Acquire)
    }

    /// Calls `found` for each line that is still complete, oldest first, with its level
    /// and its first `LINE` bytes.
    pub fn for_each<const LINE: usize>(&self, mut found: impl FnMut(u8, &str)) {
        self.for_each_within::<LINE>(0..self.end(), |_, level, line| found(level, line));
    }

    /// Calls `found` for each line in a range of positions that is still complete, oldest first,
    /// with its position, its level and its first `LINE` bytes. Lines begin at both ends of the
    /// range.
    pub fn for_each_within<const LINE: usize>(
        &self,
        positions: Range<usize>,
        mut found: impl FnMut(usize, u8, &str),
    ) {
        let mut start = positions.start;
        let mut line = [0; LINE];
        let mut len_bytes = 0;
        let mut level = None;
        let mut give = |start: usize, level: Option<u8>, line: &[u8]| {
            // All bytes are ASCII.
            if let (Some(level), Ok(line)) = (level, core::str::from_utf8(line)) {
                found(start, level, line);
            }
        };
        let oldest = self.end().saturating_sub(BYTES);
        for position in positions.start.max(oldest)..positions.end {
            let byte = self.bytes[position % BYTES].load(Ordering::Acquire);
            if byte & START != 0 {
                give(start, level, &line[..len_bytes]);
                start = position;
                level = Some(byte & LEVEL_MAX);
                len_bytes = 0;
            } else if let Some(place) = line.get_mut(len_bytes) {
                *place = byte;
                len_bytes += 1;
            }
        }
        give(start, level, &line[..len_bytes]);
    }
}

impl<const BYTES: usize> Default for LogRing<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}
