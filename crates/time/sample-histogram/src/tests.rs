//! The histogram, compared with a sorted `Vec` of the same values.

use proptest::prelude::*;
use std::format;
use std::string::ToString;
use std::vec::Vec;

use crate::bucket::{self, BUCKETS};
use crate::{Histogram, Row};

fn histogram_of(values: &[u64]) -> Histogram {
    let mut histogram = Histogram::try_new().expect("there is memory");
    values.iter().for_each(|&value| histogram.record(value));
    histogram
}

/// Values of all magnitudes, and many equal ones.
fn value() -> impl Strategy<Value = u64> {
    prop_oneof![
        (0..64_u32, any::<u64>()).prop_map(|(bits, value)| value >> bits),
        0_u64..200,
        Just(418),
        Just(u64::MAX),
    ]
}

fn values() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(value(), 1..400)
}

proptest! {
    #[test]
    fn buckets_contain_their_values(value in value()) {
        let index = bucket::index_of(value);
        prop_assert!(index < BUCKETS);
        prop_assert!((bucket::low(index)..=bucket::high(index)).contains(&value));
        prop_assert!(value.abs_diff(bucket::middle(index)) <= value / 64);
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_values(values in values(), percent in 0..=100_u32) {
        let histogram = histogram_of(&values);
        let mut sorted = values;
        sorted.sort_unstable();
        let len = sorted.len();
        let rank = (len * percent as usize).div_ceil(100).max(1);
        let exact = sorted[rank - 1];
        let found = histogram.percentile(percent);
        prop_assert!(found.abs_diff(exact) <= exact / 64, "{found} in place of {exact}");
        prop_assert_eq!(histogram.count() as usize, len);
        prop_assert_eq!((histogram.min(), histogram.max()), (sorted[0], sorted[len - 1]));
    }

    #[test]
    fn percentiles_rise(values in values()) {
        let histogram = histogram_of(&values);
        let mut last = histogram.min();
        for percent in 0..=100 {
            let next = histogram.percentile(percent);
            prop_assert!(last <= next);
            last = next;
        }
        prop_assert!(last <= histogram.max());
    }

    #[test]
    fn rows_count_each_value_once(values in values()) {
        let histogram = histogram_of(&values);
        let rows: Vec<Row> = histogram.rows().collect();
        prop_assert!(rows.len() <= Histogram::ROWS_MAX);
        prop_assert_eq!(rows[0].low, histogram.min());
        prop_assert_eq!(rows[rows.len() - 1].high, histogram.max());
        prop_assert!(rows.is_sorted_by(|row, next| row.high < next.low));
        for Row { low, high, count } in &rows {
            let within = values.iter().filter(|value| (low..=high).contains(value)).count();
            prop_assert_eq!(within, *count as usize);
            prop_assert!(*count > 0);
        }
        let sum: usize = rows.iter().map(|row| row.count as usize).sum();
        prop_assert_eq!(sum, values.len());
    }

    #[test]
    fn bars_fit_their_columns(values in values(), columns in 60..120_usize) {
        let histogram = histogram_of(&values);
        let text = histogram.bars(columns).to_string();
        let rows: Vec<Row> = histogram.rows().collect();
        prop_assert_eq!(text.lines().count(), rows.len());
        let most = rows.iter().map(|row| row.count).max().unwrap_or(0);
        let bars: Vec<usize> = text.lines().map(|line| line.matches('#').count()).collect();
        let longest = bars.iter().copied().max().unwrap_or(0);
        for ((line, row), bar) in text.lines().zip(&rows).zip(bars) {
            prop_assert!(line.len() <= columns, "{}", line);
            prop_assert!(line.trim_start().starts_with(&format!("{} to ", row.low)), "{}", line);
            prop_assert!(bar > 0);
            prop_assert_eq!(bar, (row.count as usize * longest).div_ceil(most as usize));
        }
        prop_assert_eq!(text.lines().map(str::len).max(), Some(columns));
    }
}

/// A hundred times the same value, and a few far above it.
#[test]
fn far_values_do_not_widen_the_rows_of_the_others() {
    let mut values: Vec<u64> = (0..1000).map(|index| 400 + index % 10).collect();
    values.extend([5_000, 60_000, 700_000, 8_000_000]);
    let rows: Vec<Row> = histogram_of(&values).rows().collect();
    let body: Vec<Row> = rows.iter().copied().filter(|row| row.high < 1000).collect();
    // Buckets between 256 and 512 have 8 values.
    let widths: Vec<(u64, u64, u32)> = body.iter().map(|it| (it.low, it.high, it.count)).collect();
    assert_eq!(widths, [(400, 407, 800), (408, 415, 200)]);
    assert_eq!(rows.len(), body.len() + 4);
}

#[test]
fn equal_values_are_reported_exactly() {
    let histogram = histogram_of(&[1_000_003; 5]);
    for percent in [0, 1, 50, 99, 100] {
        assert_eq!(histogram.percentile(percent), 1_000_003);
    }
    let row = Row { low: 1_000_003, high: 1_000_003, count: 5 };
    assert_eq!(histogram.rows().collect::<Vec<_>>(), [row]);
}

#[test]
fn empty_histogram_has_no_rows() {
    let histogram = histogram_of(&[]);
    assert!(histogram.is_empty());
    assert_eq!((histogram.min(), histogram.percentile(50), histogram.max()), (0, 0, 0));
    assert_eq!(histogram.rows().count(), 0);
    assert_eq!(histogram.bars(80).to_string(), "");
}

#[test]
fn buckets_cover_all_values_without_a_gap() {
    assert_eq!(bucket::low(0), 0);
    assert_eq!(bucket::high(BUCKETS - 1), u64::MAX);
    for index in 1..BUCKETS {
        assert_eq!(bucket::low(index), bucket::high(index - 1) + 1, "bucket {index}");
        assert_eq!(bucket::index_of(bucket::low(index)), index);
        assert_eq!(bucket::index_of(bucket::high(index)), index);
    }
}

#[test]
#[should_panic(expected = "there are 100 percent")]
fn more_than_all_values_are_refused() {
    histogram_of(&[1]).percentile(101);
}
