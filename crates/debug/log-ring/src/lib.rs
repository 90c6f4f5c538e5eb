//! Keeps the newest lines of a log, for whoever comes later.
//!
//! There is no lock: a line may be written by an interrupt handler in the middle of
//! another, and read after a failure in the middle of a write. Each line's place is
//! taken by one addition; the bytes follow. A reader that comes too early sees bytes
//! of an older line, at worst.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

#[cfg(test)]
mod tests;

use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// Marks the start of a line; its lower bits are the line's level. Bytes like it are
/// no ASCII, and no part of a line.
const START: u8 = 0x80;

/// The highest level of a line.
pub const LEVEL_MAX: u8 = 0x0F;

/// The newest lines, in `BYTES` bytes.
pub struct LogRing<const BYTES: usize> {
    bytes: [AtomicU8; BYTES],
    /// How many bytes were ever written.
    written: AtomicUsize,
}

impl<const BYTES: usize> LogRing<BYTES> {
    /// Returns one without lines.
    pub const fn new() -> Self {
        Self { bytes: [const { AtomicU8::new(0) }; BYTES], written: AtomicUsize::new(0) }
    }

    /// Keeps `line`, with a level of at most [`LEVEL_MAX`]. What isn't ASCII is kept as
    /// a question mark, what doesn't fit is cut; a line feed at its end is left out.
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

    /// Gives all lines that are kept as a whole to `found`, oldest first: the level and
    /// the first bytes, as many as `LINE` has room for.
    pub fn for_each<const LINE: usize>(&self, mut found: impl FnMut(u8, &str)) {
        let end = self.written.load(Ordering::Acquire);
        let mut line = [0; LINE];
        let mut len_bytes = 0;
        let mut level = None;
        let mut give = |level: Option<u8>, line: &[u8]| {
            // All bytes are ASCII.
            if let (Some(level), Ok(line)) = (level, core::str::from_utf8(line)) {
                found(level, line);
            }
        };
        for position in end.saturating_sub(BYTES)..end {
            let byte = self.bytes[position % BYTES].load(Ordering::Acquire);
            if byte & START != 0 {
                give(level, &line[..len_bytes]);
                level = Some(byte & LEVEL_MAX);
                len_bytes = 0;
            } else if let Some(place) = line.get_mut(len_bytes) {
                *place = byte;
                len_bytes += 1;
            }
        }
        give(level, &line[..len_bytes]);
    }
}

impl<const BYTES: usize> Default for LogRing<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}
