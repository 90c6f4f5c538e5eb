//! Ranges of whole pages in a program's half of the address space.

use core::fmt;

use x86_64::VirtAddr;

/// The size of a page, in bytes.
pub const PAGE_BYTES: u64 = 4096;

/// The address after the last byte that a program can map.
///
/// The last page below the non-canonical addresses is never mapped: a SYSCALL at its end
/// would save a return address that SYSRET faults on, in the kernel.
pub const USER_END: u64 = 0x7FFF_FFFF_F000;

/// One or more whole pages below [`USER_END`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageRange {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl PageRange {
    /// All pages that a program can map.
    pub const ALL: Self = Self { start: 0, end: USER_END };

    /// Returns the pages of the `len_bytes` bytes from `start` on, both as a program passes
    /// them: the length is rounded up to whole pages, the start has to be aligned.
    ///
    /// # Errors
    /// [`RangeError`]; if several apply, the first in the order of its variants.
    pub fn try_new(start: u64, len_bytes: u64) -> Result<Self, RangeError> {
        if !start.is_multiple_of(PAGE_BYTES) {
            return Err(RangeError::NotAligned);
        }
        if len_bytes == 0 {
            return Err(RangeError::Empty);
        }
        let end = start.checked_add(len_bytes).and_then(whole_pages);
        match end.filter(|&end| end <= USER_END) {
            Some(end) => Ok(Self { start, end }),
            None => Err(RangeError::OutOfBounds),
        }
    }

    /// Returns the range between two addresses. The caller has checked them.
    pub(crate) fn new(start: u64, end: u64) -> Self {
        debug_assert!(start < end && end <= USER_END, "{start:#x} to {end:#x}");
        debug_assert!((start | end).is_multiple_of(PAGE_BYTES), "{start:#x} to {end:#x}");
        Self { start, end }
    }

    /// Returns the address of the first byte.
    pub fn start(self) -> VirtAddr {
        VirtAddr::new(self.start)
    }

    /// Returns the address after the last byte.
    pub fn end(self) -> VirtAddr {
        VirtAddr::new(self.end)
    }

    /// Returns the length in bytes, at least a page.
    pub fn len_bytes(self) -> u64 {
        self.end - self.start
    }

    /// Returns the number of pages.
    pub fn pages(self) -> u64 {
        self.len_bytes() / PAGE_BYTES
    }

    /// Returns whether the byte at `addr` is in the range.
    pub fn contains(self, addr: VirtAddr) -> bool {
        (self.start..self.end).contains(&addr.as_u64())
    }

    /// Returns the pages that are in both ranges, if there are any.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let start = self.start.max(other.start);
        let end = self.end.min(other.end);
        (start < end).then_some(Self { start, end })
    }
}

/// Rounds a length or an address up to whole pages; `None` if the result has more than 64
/// bits.
pub(crate) fn whole_pages(bytes: u64) -> Option<u64> {
    bytes.checked_next_multiple_of(PAGE_BYTES)
}

/// Why a start and a length don't form a [`PageRange`].
///
/// It isn't a [`RegionError`](crate::RegionError), because its error number depends on the
/// call: a length of 0 is EINVAL for mmap(2) and munmap(2), and success for mprotect(2),
/// madvise(2) and msync(2); a range out of bounds is EINVAL for munmap(2) and mremap(2), and
/// ENOMEM elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeError {
    /// The start isn't a multiple of [`PAGE_BYTES`].
    NotAligned,
    /// The length is 0.
    Empty,
    /// The end is above [`USER_END`].
    OutOfBounds,
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAligned => "the start isn't a multiple of the page size",
            Self::Empty => "the length is 0",
            Self::OutOfBounds => "the range ends above a program's addresses",
        })
    }
}

impl core::error::Error for RangeError {}
