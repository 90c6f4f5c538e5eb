//! The payload that software stores in entries that are not present.

use core::fmt;

/// A number that software stores in place of a page of 4 KiB, for example the position of
/// its content on a disk. An access to the page faults.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SoftwarePayload(u64);

impl SoftwarePayload {
    /// The number of its bits.
    pub const BITS: u32 = 52;

    /// Makes a payload, if `value` has no more than [`BITS`](Self::BITS) bits.
    #[inline]
    pub const fn try_new(value: u64) -> Option<Self> {
        if value >> Self::BITS == 0 { Some(Self(value)) } else { None }
    }

    /// Makes a payload of the lowest [`BITS`](Self::BITS) bits.
    #[inline]
    pub const fn truncated(value: u64) -> Self {
        Self(value & ((1 << Self::BITS) - 1))
    }

    /// Returns the number.
    #[inline]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for SoftwarePayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "software {:#x}", self.0)
    }
}
