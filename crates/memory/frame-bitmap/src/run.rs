//! Runs of adjacent frames.

use core::ops::Range;

use crate::bits::WORD_BITS;
use crate::{FrameBitmap, FrameError};

impl FrameBitmap<'_> {
    /// Allocates `count` adjacent frames, and returns the first.
    ///
    /// They are the first frames of the highest free block that is large enough. The size
    /// of a block is a power of two, at least `count` and `align`, and it begins at a
    /// multiple of its size. The last frame is below `below`, which is `usize::MAX` for no
    /// bound. Returns `None` if there is no such block, `count` is 0, or `align` isn't a
    /// power of two.
    ///
    /// The search reads a few words of each level, for any fragmentation; marking the block
    /// costs one word for every 64 frames.
    pub fn allocate_run(&mut self, count: usize, align: usize, below: usize) -> Option<usize> {
        if count == 0 || !align.is_power_of_two() {
            return None;
        }
        let order = count.checked_next_power_of_two()?.max(align).trailing_zeros() as usize;
        let last_start = below.min(self.frames).checked_sub(count)?;
        let start = self.layout.last_block(&self.bits, order, last_start)?;
        self.take(start..start + count);
        Some(start)
    }

    /// Allocates `frames` if all of them are free; returns whether they were.
    ///
    /// The cost grows with their number, by words of 64 frames.
    pub fn allocate_exactly(&mut self, frames: Range<usize>) -> bool {
        let is_free = frames.start <= frames.end
            && frames.end <= self.frames
            && self.bits.all_set(frames.clone());
        if is_free {
            self.take(frames);
        }
        is_free
    }

    /// Returns the lowest run of free frames from `from` on, cut to `most` frames; `None`
    /// if no frame is free there, or `most` is 0.
    ///
    /// The cost grows with `most`, by words of 64 frames.
    pub fn next_free_run(&self, from: usize, most: usize) -> Option<Range<usize>> {
        let start = self.next_free(from).filter(|_| most > 0)?;
        let end = start.saturating_add(most).min(self.frames);
        Some(start..self.bits.first_clear(start..end).unwrap_or(end))
    }

    /// Returns the lowest free frame that isn't below `from`.
    fn next_free(&self, from: usize) -> Option<usize> {
        if from >= self.frames {
            return None;
        }
        let rest = self.bits.read(from / WORD_BITS) & !0 << (from % WORD_BITS);
        let (word, rest) = if rest != 0 {
            (from / WORD_BITS, rest)
        } else {
            let words = self.layout.frames().tree(0);
            let word = words.first_from(&self.bits, from / WORD_BITS + 1)?;
            (word, self.bits.read(word))
        };
        Some(word * WORD_BITS + crate::bits::lowest_bit(rest))
    }

    /// Frees `count` allocated frames from `start` on: all of them or none. They
    /// need not have been allocated together.
    ///
    /// # Errors
    /// [`FrameError::OutOfRange`] if a frame isn't in the bitmap, else
    /// [`FrameError::NotManaged`] if one was never added, else
    /// [`FrameError::NotAllocated`] if one is free; nothing has changed then.
    pub fn free_run(&mut self, start: usize, count: usize) -> Result<(), FrameError> {
        let frames = self.checked_range(start, count)?;
        if !self.bits.all_set(self.layout.managed_bits(&frames)) {
            return Err(FrameError::NotManaged);
        }
        if self.bits.any_set(frames.clone()) {
            return Err(FrameError::NotAllocated);
        }
        self.release(frames);
        Ok(())
    }
}
