//! Conversions compared with exact arithmetic.

extern crate std;

use super::*;
use proptest::prelude::*;

const YEAR_NS: u64 = 366 * 24 * 3600 * NS_PER_SECOND;
const FREQUENCIES: core::ops::Range<u64> = 10_000_000..20_000_000_000;

fn exact_ns(ticks: u64, frequency_hz: u64) -> u64 {
    (u128::from(ticks) * u128::from(NS_PER_SECOND) / u128::from(frequency_hz)) as u64
}

proptest! {
    #[test]
    fn time_is_exact_over_a_century(
        hz in FREQUENCIES, start in any::<u32>(), ns in 0..100 * YEAR_NS,
    ) {
        let conversion = Conversion::new(hz, start.into());
        let ticks = (u128::from(ns) * u128::from(hz) / u128::from(NS_PER_SECOND)) as u64;
        let tsc = ticks.saturating_add(start.into());
        let exact_ns = exact_ns(tsc - u64::from(start), hz);
        prop_assert!(exact_ns - conversion.ns_at(tsc) <= 1);
    }

    #[test]
    fn deadline_is_met_at_its_tick(
        hz in FREQUENCIES, start in any::<u32>(), ns in 0..YEAR_NS,
    ) {
        let conversion = Conversion::new(hz, start.into());
        let tsc = conversion.tsc_at(ns);
        prop_assert!(tsc < u64::MAX);
        let at_ns = conversion.ns_at(tsc);
        prop_assert!(at_ns >= ns, "{} ns early", ns - at_ns);
        // At most two ticks late, plus rounding.
        prop_assert!(at_ns <= ns + exact_ns(2, hz) + 1, "{} ns late", at_ns - ns);
    }

    #[test]
    fn refined_clock_never_runs_backwards(
        early_hz in FREQUENCIES, hz in FREQUENCIES, start in any::<u32>(),
        passed in 0_u64..1 << 40, later in 0_u64..1 << 40,
    ) {
        let early = Conversion::new(early_hz, start.into());
        let now = u64::from(start) + passed;
        let refined = early.refined(hz, start.into(), now);
        prop_assert!(refined.ns_at(now) >= early.ns_at(now));
        let passed_ns = refined.ns_at(now + later) - refined.ns_at(now);
        prop_assert!(passed_ns.abs_diff(exact_ns(later, hz)) <= 2);
        // A deadline after the change is converted by the new frequency.
        let deadline_ns = refined.ns_at(now).saturating_add(exact_ns(later, hz));
        let tsc = refined.tsc_at(deadline_ns);
        prop_assert!(tsc >= now && refined.ns_at(tsc) >= deadline_ns);
    }

    #[test]
    fn time_on_a_cpu_is_that_of_the_boot_cpu(
        hz in FREQUENCIES, start in any::<u32>(), tsc in 0_u64..1 << 62,
        offset in -(1_i64 << 39)..1 << 39,
    ) {
        let conversion = Conversion::new(hz, start.into());
        prop_assume!(conversion.ns_at(tsc) < u64::MAX / 2);
        let expected = conversion.ns_at(to_boot_cpu(tsc, offset));
        prop_assert_eq!(conversion.ns_on(tsc, offset), expected);
    }

    #[test]
    fn cpus_agree_whatever_their_offset(
        tsc in 1_u64 << 40..1 << 62, offset in -(1_i64 << 39)..1 << 39,
    ) {
        let here = from_boot_cpu(tsc, offset);
        prop_assert_eq!(to_boot_cpu(here, offset), tsc);
        // A counter that is ahead has a higher value at the deadline.
        prop_assert_eq!(here > tsc, offset < 0);
    }
}

#[test]
fn ends_saturate() {
    let conversion = Conversion::new(3_000_000_000, 1000);
    assert_eq!(conversion.ns_at(0), 0);
    assert_eq!(conversion.ns_at(999), 0);
    assert_eq!(conversion.tsc_at(u64::MAX), u64::MAX);
    assert_eq!(Conversion::new(10_000_000, 0).ns_at(u64::MAX), u64::MAX);
    assert_eq!(from_boot_cpu(5, 7), 0);
    assert_eq!(from_boot_cpu(5, -7), 12);
    assert_eq!(from_boot_cpu(u64::MAX, -7), u64::MAX);
    assert_eq!(from_boot_cpu(0, i64::MIN), i64::MAX as u64);
    assert_eq!(to_boot_cpu(5, -7), 0);
}
