//! Comparisons of simulated clocks with simulated witnesses.

use proptest::prelude::*;

use super::*;

const PM_TIMER_HZ: u32 = 3_579_545;
const PM_TIMER_MASK: u64 = 0xFF_FFFF;

fn edge(count: u64, earliest_ns: u64, latest_ns: u64) -> Edge {
    Edge { count, earliest_ns, latest_ns }
}

#[test]
fn exact_clock_deviates_by_nothing() {
    let mut comparison = Comparison::new(1, u64::MAX, edge(100, 5, 5));
    assert_eq!(comparison.deviation(), None);
    comparison.push(edge(110, 10_000_000_005, 10_000_000_005));
    assert_eq!(comparison.witness_ns(), 10_000_000_000);
    let deviation = comparison.deviation().expect("ten counts have passed");
    assert_eq!(deviation, Deviation { lowest_ppb: 0, highest_ppb: 0 });
    assert_eq!(deviation.judge(0), Verdict::Within);
}

#[test]
fn delays_widen_the_bounds() {
    let mut comparison = Comparison::new(1, u64::MAX, edge(0, 0, 1_000));
    comparison.push(edge(1, 1_000_000_500, 1_000_002_000));
    let deviation = comparison.deviation().expect("a count has passed");
    assert_eq!(deviation, Deviation { lowest_ppb: -500, highest_ppb: 2_000 });
    assert_eq!((deviation.middle_ppb(), deviation.error_ppb()), (750, 1_250));
    assert_eq!((deviation.judge(2), deviation.judge(1)), (Verdict::Within, Verdict::Unknown));
}

#[test]
fn wrong_clocks_are_beyond_the_limit() {
    for (second_ns, is_fast) in [(1_000_200_000, true), (999_800_000, false)] {
        let mut comparison = Comparison::new(1, u64::MAX, edge(7, 50, 60));
        comparison.push(edge(17, 10 * second_ns + 50, 10 * second_ns + 60));
        let deviation = comparison.deviation().expect("ten counts have passed");
        assert_eq!(deviation.judge(100), Verdict::Beyond);
        assert_eq!(deviation.judge(201), Verdict::Within);
        assert_eq!(deviation.middle_ppb() > 0, is_fast);
    }
}

#[test]
fn extreme_values_do_not_overflow() {
    let mut comparison = Comparison::new(u32::MAX, u64::MAX, edge(u64::MAX, u64::MAX, 0));
    comparison.push(edge(u64::MAX - 1, 0, u64::MAX));
    assert!(comparison.deviation().is_some());
    let mut comparison = Comparison::new(0, 1, edge(0, 0, u64::MAX));
    comparison.push(edge(1, u64::MAX, 0));
    assert!(comparison.witness_ns() > 0 && comparison.deviation().is_some());
}

proptest! {
    /// A witness that wraps every 4.7 s is read once a second with any delays, by a clock that is
    /// off by up to 1,000 ppm.
    #[test]
    fn deviation_is_within_its_bounds(
        start in 0..=PM_TIMER_MASK,
        off_ppb in -1_000_000_i64..1_000_000,
        delays_ns in prop::collection::vec((0_u64..1_000_000, 0_u64..1_000_000), 2..20),
    ) {
        // The clock's time at a count of the witness, in nanoseconds.
        let clock_ns = |counts: u64| {
            let ppb = u128::try_from(BILLION + i128::from(off_ppb)).expect("it is positive");
            let ns = 5_000_000_000 + u128::from(counts) * ppb / u128::from(PM_TIMER_HZ);
            u64::try_from(ns).expect("it is 25 s at most")
        };
        let edge_at = |counts: u64, (before_ns, after_ns): (u64, u64)| edge(
            (start + counts) & PM_TIMER_MASK,
            clock_ns(counts) - before_ns,
            // The true time may be a fraction of a nanosecond later than the rounded one.
            clock_ns(counts) + 1 + after_ns,
        );
        let first = edge_at(0, delays_ns[0]);
        let mut comparison = Comparison::new(PM_TIMER_HZ, PM_TIMER_MASK, first);
        for (second, &delays) in (1..).zip(&delays_ns[1..]) {
            comparison.push(edge_at(second * u64::from(PM_TIMER_HZ), delays));
        }
        let seconds = delays_ns.len() as u64 - 1;
        prop_assert_eq!(comparison.witness_ns(), seconds * 1_000_000_000);
        let deviation = comparison.deviation().expect("counts have passed");
        prop_assert!(deviation.lowest_ppb <= off_ppb && off_ppb <= deviation.highest_ppb);
        prop_assert!(deviation.error_ppb() <= 2_000_010 / seconds);
    }
}
