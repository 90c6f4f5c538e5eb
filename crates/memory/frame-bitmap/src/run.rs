//! Runs of frames that stand side by side.

use core::ops::Range;

use crate::{FrameBitmap, FrameError};

impl FrameBitmap<'_> {
    /// Allocates the lowest `count` free frames that stand side by side, and
    /// returns the first.
    ///
    /// The first is a multiple of `align`, in frames; the last is below `below`,
    /// which is `usize::MAX` for no bound. `None` if there are no such frames, if
    /// `count` is 0 or if `align` isn't a power of two.
    ///
    /// The cost grows with the number of gaps that are too small and with `count`.
    pub fn allocate_run(&mut self, count: usize, align: usize, below: usize) -> Option<usize> {
        if count == 0 || !align.is_power_of_two() {
            return None;
        }
        let limit = below.min(self.frames);
        let mut from = 0;
        loop {
            let start = self.next_free(from)?.checked_next_multiple_of(align)?;
            let end = start.checked_add(count).filter(|end| *end <= limit)?;
            // The last frame that isn't free rules out each start up to it, so the
            // look from the end skips the most.
            match self.bits.last_clear(start..end) {
                Some(used) => from = used + 1,
                None => {
                    self.take(start..end);
                    return Some(start);
                }
            }
        }
    }

    /// Returns the lowest free frames that stand side by side, from `from` on, and of
    /// them no more than `most`; `None` if no frame is free there, or `most` is 0.
    ///
    /// The cost grows with `most`, by words of 64 frames.
    pub fn next_free_run(&self, from: usize, most: usize) -> Option<Range<usize>> {
        let start = self.next_free(from).filter(|_| most > 0)?;
        let end = start.saturating_add(most).min(self.frames);
        Some(start..self.bits.first_clear(start..end).unwrap_or(end))
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
        if self.bits.last_clear(self.layout.managed_bits(&frames)).is_some() {
            return Err(FrameError::NotManaged);
        }
        if self.bits.any_set(frames.clone()) {
            return Err(FrameError::NotAllocated);
        }
        self.release(frames);
        Ok(())
    }
}
