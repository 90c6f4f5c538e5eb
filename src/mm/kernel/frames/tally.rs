//! Counts of frames, by purpose.

use super::purpose::{PURPOSES, Purpose};

/// The numbers of frames, by purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Managed frames.
    pub managed: usize,
    /// Free frames, in the bitmap or in a CPU's cache.
    pub free: usize,
    /// Frames in use, in the order of [`Purpose::ALL`].
    pub used: [usize; PURPOSES],
}

impl Counts {
    /// Returns the number of frames used for `purpose`.
    pub fn used_for(&self, purpose: Purpose) -> usize {
        self.used[purpose as usize]
    }
}

/// Counts of allocations since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The number of frames that were allocated.
    pub allocated: u64,
    /// The number of frames that were freed.
    pub freed: u64,
    /// The number of failed allocations.
    pub failures: u64,
}

/// The numbers of frames that one place (a cache or the bitmap) has allocated and freed, by
/// purpose. Only the sums over all places yield the number in use.
pub(super) struct Tally {
    pub(super) allocated: [u64; PURPOSES],
    pub(super) freed: [u64; PURPOSES],
}

impl Tally {
    pub(super) const ZERO: Self = Self { allocated: [0; PURPOSES], freed: [0; PURPOSES] };

    /// Counts `count` frames as allocated for `purpose`.
    #[inline]
    pub(super) fn note_allocated(&mut self, count: usize, purpose: Purpose) {
        // The count never reaches 2^64.
        let sum = &mut self.allocated[purpose as usize];
        *sum = sum.wrapping_add(count as u64);
    }

    /// Counts `count` frames of `purpose` as freed.
    #[inline]
    pub(super) fn note_freed(&mut self, count: usize, purpose: Purpose) {
        let sum = &mut self.freed[purpose as usize];
        *sum = sum.wrapping_add(count as u64);
    }

    /// Adds the counts of another place.
    pub(super) fn add(&mut self, other: &Self) {
        for purpose in 0..PURPOSES {
            self.allocated[purpose] += other.allocated[purpose];
            self.freed[purpose] += other.freed[purpose];
        }
    }
}
