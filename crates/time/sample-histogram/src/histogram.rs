//! The histogram.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::bucket::{self, BUCKETS};

/// No memory is left for the buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl core::fmt::Display for NoMemory {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("no memory is left for a histogram")
    }
}

impl core::error::Error for NoMemory {}

/// A histogram of values, in a unit of the caller.
///
/// Invariant: the counts of the buckets add up to `count`.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// The number of values in each bucket.
    counts: Box<[u32]>,
    count: u32,
    /// The smallest and the largest value; `u64::MAX` and 0 if there are none.
    min: u64,
    max: u64,
}

impl Histogram {
    /// Makes an empty histogram. Only this allocates.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub fn try_new() -> Result<Self, NoMemory> {
        let mut counts = Vec::new();
        counts.try_reserve_exact(BUCKETS).map_err(|_| NoMemory)?;
        counts.resize(BUCKETS, 0);
        Ok(Self { counts: counts.into_boxed_slice(), count: 0, min: u64::MAX, max: 0 })
    }

    /// Makes a copy.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub fn try_clone(&self) -> Result<Self, NoMemory> {
        let mut copy = Self::try_new()?;
        copy.counts.copy_from_slice(&self.counts);
        Ok(Self { counts: copy.counts, ..*self })
    }

    /// Adds a value. After 2^32 - 1 values, further ones are ignored.
    #[inline]
    pub fn record(&mut self, value: u64) {
        if self.count == u32::MAX {
            return;
        }
        self.count += 1;
        self.counts[bucket::index_of(value)] += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Returns the number of values.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Returns whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the smallest value, exactly; 0 if there are none.
    pub fn min(&self) -> u64 {
        self.min.min(self.max)
    }

    /// Returns the largest value, exactly; 0 if there are none.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Returns the smallest value that at least `percent` percent of the values don't exceed, off
    /// by at most 1/64 of it; 0 if there are no values. It lies between the smallest and the
    /// largest value, and is exact if those are equal.
    ///
    /// # Panics
    /// If `percent` is over 100.
    pub fn percentile(&self, percent: u32) -> u64 {
        match self.bucket_of(percent) {
            Some(index) => bucket::middle(index).clamp(self.min(), self.max),
            None => 0,
        }
    }

    /// Returns the index of the bucket with that percentile; `None` if there are no values.
    pub(crate) fn bucket_of(&self, percent: u32) -> Option<usize> {
        assert!(percent <= 100, "there are 100 percent");
        let rank = (u64::from(self.count) * u64::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        self.counts.iter().position(|&count| {
            seen += u64::from(count);
            seen >= rank
        })
    }

    /// Returns the indices of the first and the last bucket with values.
    pub(crate) fn used(&self) -> Option<(usize, usize)> {
        (!self.is_empty()).then(|| (bucket::index_of(self.min), bucket::index_of(self.max)))
    }

    /// Returns the number of values in the buckets from index `from` up to index `end`.
    pub(crate) fn sum(&self, from: usize, end: usize) -> u32 {
        self.counts[from..end].iter().sum()
    }
}
