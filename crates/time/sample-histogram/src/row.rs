//! The values of a histogram as a few ranges.

use core::ops::Range;

use crate::bucket::{self, BUCKETS};
use crate::histogram::Histogram;

/// The largest number of rows up to the 99th percentile.
const BODY_ROWS_MAX: usize = 14;
/// The largest number of rows above it.
const TAIL_ROWS_MAX: usize = 5;

/// A range of values, and the number of values in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The smallest value that belongs to the range.
    pub low: u64,
    /// The largest value that belongs to the range.
    pub high: u64,
    /// The number of values.
    pub count: u32,
}

/// Buckets that are grouped: every group but the first and the last ends at a multiple of `size`,
/// a power of two.
#[derive(Clone)]
struct Groups {
    buckets: Range<usize>,
    size: usize,
}

impl Iterator for Groups {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.buckets.is_empty() {
            return None;
        }
        let start = self.buckets.start;
        let end = (start / self.size + 1) * self.size;
        self.buckets.start = end.min(self.buckets.end);
        Some(start..self.buckets.start)
    }
}

/// Returns the smallest groups of `buckets`, each of at least `size_min`, of which at most
/// `rows_max` have values.
fn groups(
    histogram: &Histogram,
    buckets: Range<usize>,
    size_min: usize,
    rows_max: usize,
) -> Groups {
    let mut groups = Groups { buckets, size: size_min };
    let has_values = |group: &Range<usize>| histogram.sum(group.start, group.end) > 0;
    while groups.clone().filter(has_values).count() > rows_max {
        groups.size *= 2;
    }
    groups
}

impl Histogram {
    /// The largest number of [rows](Self::rows).
    pub const ROWS_MAX: usize = BODY_ROWS_MAX + TAIL_ROWS_MAX;

    /// Returns the values as at most [`ROWS_MAX`](Self::ROWS_MAX) ranges, lowest first, with the
    /// number of values in each, at least 1. The ranges up to the 99th percentile are as narrow as
    /// that number of rows allows; the few values above share wider ranges.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        rows_of(self)
    }
}

fn rows_of(histogram: &Histogram) -> impl Iterator<Item = Row> {
    let (first, last) = histogram.used().unwrap_or((0, 0));
    let body_end = histogram.bucket_of(99).map_or(0, |bucket| bucket + 1);
    let body = groups(histogram, first..body_end, 1, BODY_ROWS_MAX);
    // The last row of the body is as wide as the others, if it has values above the percentile.
    let body_end = body_end.next_multiple_of(body.size).min(last + 1);
    let body = Groups { buckets: first..body_end, ..body };
    let tail_end = (last + 1).min(BUCKETS);
    let tail = groups(histogram, body_end..tail_end, body.size, TAIL_ROWS_MAX);
    body.chain(tail).filter_map(|group| {
        let count = histogram.sum(group.start, group.end);
        let low = bucket::low(group.start).max(histogram.min());
        let high = bucket::high(group.end - 1).min(histogram.max());
        (count > 0).then_some(Row { low, high, count })
    })
}
