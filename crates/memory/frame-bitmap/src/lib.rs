//! An allocator of physical frames: finds free ones in constant time.
//!
//! A frame is 4 KiB of physical memory, identified by its number. It is either not managed,
//! or free, or allocated. The state is kept in words that the caller provides:
//!
//! - level 0 has one bit a frame, set if the frame is free; each higher level has one bit a
//!   word of the level below, set if all 64 bits of that word are set. So level 1 has the
//!   free blocks of 64 frames, level 2 those of 4096, and so on;
//! - each level has six trees, one for each order: blocks of 1, 2, 4, 8, 16 and 32 of its
//!   bits, that begin at a multiple of their size. A tree finds the words that have a free
//!   block of its order. Its lowest row has one bit a word of the level; each higher row
//!   has one bit a word of the row below, set if that word has a set bit; the topmost row
//!   is a single word;
//! - after the levels there is one bit a frame, set if the frame is managed, so that an
//!   attempt to free another frame is an error.
//!
//! With 64 bits a word, five levels and one bit suffice for [`FRAMES_MAX`] frames. The
//! search for a free frame, or for a block of any order, reads one or two words of each row
//! of one tree, for any size and fragmentation of the memory. A change of one frame changes
//! at most one tree of each level, because a word that loses a frame loses at most its
//! largest block, and keeps half of that.
//!
//! The highest frames are allocated first, so that the low ones, which some devices need,
//! are the last ones that ordinary allocations take.
//!
//! ```
//! use frame_bitmap::{FrameBitmap, FrameError};
//! let mut storage = [0; FrameBitmap::words_needed(1000)];
//! let mut frames = FrameBitmap::try_new(&mut storage, 1000).unwrap();
//! frames.add(16, 984).unwrap();
//! assert_eq!(frames.allocate(), Some(999));
//! assert_eq!(frames.allocate_run(8, 8, usize::MAX), Some(984));
//! assert_eq!(frames.free(999), Ok(()));
//! assert_eq!(frames.free(999), Err(FrameError::NotAllocated));
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod bits;
mod error;
mod levels;
mod order;
mod run;
#[cfg(test)]
mod tests;
mod tree;

use core::fmt;
use core::ops::Range;

use bits::{Bits, WORD_BITS, highest_bit};
use levels::StorageLayout;

pub use error::{FrameError, StorageTooSmall};

/// The most frames that a [`FrameBitmap`] can hold: 4 TiB.
pub const FRAMES_MAX: usize = 1 << 30;

/// The set of managed frames and the set of free ones.
pub struct FrameBitmap<'a> {
    bits: Bits<'a>,
    layout: StorageLayout,
    frames: usize,
    managed: usize,
    free: usize,
}

impl<'a> FrameBitmap<'a> {
    /// Returns the number of words of storage for the frames from 0 up to, not including,
    /// `frames`.
    ///
    /// For more than [`FRAMES_MAX`] it is `usize::MAX`, which no slice has.
    pub const fn words_needed(frames: usize) -> usize {
        if frames > FRAMES_MAX { usize::MAX } else { StorageLayout::new(frames).words }
    }

    /// Makes a bitmap for the frames from 0 up to, not including, `frames`, none of them
    /// managed. Overwrites `storage`.
    ///
    /// # Errors
    /// [`StorageTooSmall`] if `storage` has less than [`Self::words_needed`].
    pub fn try_new(storage: &'a mut [u64], frames: usize) -> Result<Self, StorageTooSmall> {
        let needed_words = Self::words_needed(frames);
        let given_words = storage.len();
        let Some(words) = storage.get_mut(..needed_words) else {
            return Err(StorageTooSmall { needed_words, given_words });
        };
        words.fill(0);
        let layout = StorageLayout::new(frames);
        Ok(Self { bits: Bits::new(words), layout, frames, managed: 0, free: 0 })
    }

    /// Makes `count` frames from `start` on managed and free.
    ///
    /// The cost grows with `count`, by words of 64 frames.
    ///
    /// # Errors
    /// [`FrameError::OutOfRange`] if a frame isn't in the bitmap, else
    /// [`FrameError::AlreadyManaged`] if one is managed; nothing has changed then.
    pub fn add(&mut self, start: usize, count: usize) -> Result<(), FrameError> {
        let frames = self.checked_range(start, count)?;
        let managed_bits = self.layout.managed_bits(&frames);
        if self.bits.any_set(managed_bits.clone()) {
            return Err(FrameError::AlreadyManaged);
        }
        self.bits.fill(managed_bits, true);
        self.managed += count;
        self.release(frames);
        Ok(())
    }

    /// Makes `count` frames from `start` on managed and allocated, at the cost of
    /// [`add`](Self::add).
    ///
    /// # Errors
    /// Those of [`add`](Self::add).
    pub fn add_allocated(&mut self, start: usize, count: usize) -> Result<(), FrameError> {
        self.add(start, count)?;
        self.take(start..start + count);
        Ok(())
    }

    /// Allocates the highest free frame, in constant time; `None` if none is free.
    pub fn allocate(&mut self) -> Option<usize> {
        self.allocate_from(0..self.frames)
    }

    /// Allocates the highest free frame within `range`, in constant time; `None` if
    /// none is free there.
    pub fn allocate_from(&mut self, range: Range<usize>) -> Option<usize> {
        let last = range.end.min(self.frames).checked_sub(1)?;
        let frame = self.layout.last_free(&self.bits, last)?;
        if frame < range.start {
            return None;
        }
        self.free -= 1;
        self.layout.mark_one(&mut self.bits, frame, false);
        Some(frame)
    }

    /// Allocates the highest free frames below `below` until `taken` is full or no frame is
    /// free, and returns their number.
    ///
    /// This costs less than single allocations: the bits of up to 64 frames change
    /// together.
    pub fn allocate_batch(&mut self, below: usize, taken: &mut [u32]) -> usize {
        let mut count = 0;
        let mut below = below.min(self.frames);
        while count < taken.len() {
            let last = below.checked_sub(1);
            let Some(frame) = last.and_then(|last| self.layout.last_free(&self.bits, last)) else {
                break;
            };
            let word = frame / WORD_BITS;
            let mut left = self.bits.read(word);
            let mut next = frame % WORD_BITS;
            loop {
                left &= !(1 << next);
                // At most FRAMES_MAX, which fits into 31 bits.
                taken[count] = (word * WORD_BITS + next) as u32;
                count += 1;
                let lower = left & ((1 << next) - 1);
                if lower == 0 || count == taken.len() {
                    break;
                }
                next = highest_bit(lower);
            }
            self.layout.replace_word(&mut self.bits, word, left);
            below = word * WORD_BITS;
        }
        self.free -= count;
        count
    }

    /// Frees an allocated frame, in constant time.
    ///
    /// # Errors
    /// [`FrameError::OutOfRange`] if `frame` isn't in the bitmap,
    /// [`FrameError::NotManaged`] if it was never added,
    /// [`FrameError::NotAllocated`] if it is free; nothing has changed then.
    pub fn free(&mut self, frame: usize) -> Result<(), FrameError> {
        if frame >= self.frames {
            return Err(FrameError::OutOfRange);
        }
        if !self.bits.is_set(self.layout.managed_bits(&(frame..frame + 1)).start) {
            return Err(FrameError::NotManaged);
        }
        if self.bits.is_set(frame) {
            return Err(FrameError::NotAllocated);
        }
        self.free += 1;
        self.layout.mark_one(&mut self.bits, frame, true);
        Ok(())
    }

    /// Returns whether `frame` is managed and free.
    pub fn is_free(&self, frame: usize) -> bool {
        frame < self.frames && self.bits.any_set(frame..frame + 1)
    }

    /// Returns whether `frame` is managed and in use.
    pub fn is_allocated(&self, frame: usize) -> bool {
        frame < self.frames
            && self.bits.any_set(self.layout.managed_bits(&(frame..frame + 1)))
            && !self.is_free(frame)
    }

    /// Returns a bit for each of the 64 frames from `64 * word` on, set if it is allocated;
    /// `None` if these are beyond the end of the bitmap.
    pub fn allocated_word(&self, word: usize) -> Option<u64> {
        let first = word.checked_mul(WORD_BITS).filter(|first| *first < self.frames)?;
        let managed = self.layout.managed_bits(&(first..first)).start / WORD_BITS;
        Some(self.bits.read(managed) & !self.bits.read(word))
    }

    /// Returns whether any frame of `range` is managed; frames beyond the bitmap are not.
    ///
    /// The cost grows with the range, by words of 64 frames.
    pub fn is_any_managed(&self, range: Range<usize>) -> bool {
        let end = range.end.min(self.frames);
        range.start < end && self.bits.any_set(self.layout.managed_bits(&(range.start..end)))
    }

    /// Returns the number of managed frames.
    pub fn managed(&self) -> usize {
        self.managed
    }

    /// Returns the number of free frames.
    pub fn free_count(&self) -> usize {
        self.free
    }

    /// Returns the number of allocated frames.
    pub fn allocated(&self) -> usize {
        self.managed - self.free
    }

    /// Returns the numbers of `count` frames from `start` on.
    ///
    /// # Errors
    /// [`FrameError::OutOfRange`] if one of them isn't in the bitmap.
    fn checked_range(&self, start: usize, count: usize) -> Result<Range<usize>, FrameError> {
        match start.checked_add(count) {
            Some(end) if end <= self.frames => Ok(start..end),
            _ => Err(FrameError::OutOfRange),
        }
    }

    /// Makes `frames`, all of them free, allocated.
    fn take(&mut self, frames: Range<usize>) {
        self.free -= frames.len();
        self.layout.mark(&mut self.bits, frames, false);
    }

    /// Makes `frames`, all of them managed and none of them free, free.
    fn release(&mut self, frames: Range<usize>) {
        self.free += frames.len();
        self.layout.mark(&mut self.bits, frames, true);
    }
}

impl fmt::Debug for FrameBitmap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameBitmap")
            .field("frames", &self.frames)
            .field("managed", &self.managed)
            .field("free", &self.free)
            .finish_non_exhaustive()
    }
}
