//! The buckets that values are counted in.
//!
//! Each power of two is divided into [`SUB_BUCKETS`] buckets of the same width, so the width of a
//! bucket is at most 1/32 of its values. Values below 64 have a bucket each.
//!
//! ```text
//!  values  0 … 63    64 … 127    128 … 255    …    2^63 … 2^64 - 1
//!  width   1         2           4                 2^58
//!  index   0 … 63    64 … 95     96 … 127          1888 … 1919
//! ```

/// The number of buckets of each power of two, as a power of two.
const SUB_BITS: u32 = 5;

/// The number of buckets of each power of two.
pub(crate) const SUB_BUCKETS: usize = 1 << SUB_BITS;

/// The number of all buckets.
pub(crate) const BUCKETS: usize = (u64::BITS - SUB_BITS + 1) as usize * SUB_BUCKETS;

/// Returns the index of the bucket for `value`.
pub(crate) fn index_of(value: u64) -> usize {
    let width_bits = value.max(1).ilog2().saturating_sub(SUB_BITS);
    // Below 64.
    let within = (value >> width_bits) as usize;
    width_bits as usize * SUB_BUCKETS + within
}

/// Returns the smallest value of the bucket.
pub(crate) fn low(index: usize) -> u64 {
    let width_bits = (index / SUB_BUCKETS).saturating_sub(1);
    ((index - width_bits * SUB_BUCKETS) as u64) << width_bits
}

/// Returns the largest value of the bucket.
pub(crate) fn high(index: usize) -> u64 {
    let width_bits = (index / SUB_BUCKETS).saturating_sub(1);
    low(index) + ((1 << width_bits) - 1)
}

/// Returns the value in the middle of the bucket: no value of the bucket is further away than 1/64
/// of it.
pub(crate) fn middle(index: usize) -> u64 {
    let (low, high) = (low(index), high(index));
    low + (high - low) / 2
}
