//! The addresses that a program may map.

use crate::range::{PAGE_BYTES, USER_END};
use crate::{PageRange, RangeError, RegionError};

/// The addresses that a program may map, and where the kernel places mappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub(crate) lowest: u64,
    pub(crate) mmap_base: u64,
    pub(crate) end: u64,
}

impl Bounds {
    /// Makes the bounds from three addresses:
    ///
    /// - `lowest`: nothing is mapped below it (Linux: vm.mmap_min_addr);
    /// - `mmap_base`: mappings without an address are placed below it, as high as they fit;
    /// - `end`: nothing is mapped from it on, at most [`USER_END`].
    ///
    /// # Errors
    /// [`RangeError::NotAligned`] if an address isn't the start of a page,
    /// [`RangeError::OutOfBounds`] if the addresses don't rise or `end` is too large.
    pub fn try_new(lowest: u64, mmap_base: u64, end: u64) -> Result<Self, RangeError> {
        if !(lowest | mmap_base | end).is_multiple_of(PAGE_BYTES) {
            return Err(RangeError::NotAligned);
        }
        if lowest > mmap_base || mmap_base > end || end > USER_END {
            return Err(RangeError::OutOfBounds);
        }
        Ok(Self { lowest, mmap_base, end })
    }

    /// Checks that a program may map all of `range`.
    pub(crate) fn check(&self, range: PageRange) -> Result<(), RegionError> {
        if range.start < self.lowest {
            return Err(RegionError::TooLow);
        }
        if range.end > self.end {
            return Err(RegionError::OutOfBounds);
        }
        Ok(())
    }
}
