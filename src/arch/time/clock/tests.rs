//! Tests of the clock, its calibration, and counters that differ between CPUs.

use super::*;
use crate::arch::irq::interrupt_flag::InterruptsOff;

#[test_case]
fn deadline_is_reached_when_it_should() {
    for ahead_ns in [0, 1, 999, 1_000_000] {
        let deadline_ns = now_ns() + ahead_ns;
        while read_tsc() < tsc_at(deadline_ns) {}
        assert!(now_ns() >= deadline_ns);
    }
}

#[test_case]
fn deadline_lies_ahead_whatever_the_offset() {
    // Counters one second before and one second after the boot CPU's.
    for offset in [rate().hz.cast_signed(), -rate().hz.cast_signed()] {
        let _interrupts_off = InterruptsOff::new();
        TSC_OFFSET.set(offset.cast_unsigned());
        let deadline_ns = now_ns() + 1_000_000;
        let is_ahead = read_tsc() < tsc_at(deadline_ns);
        while read_tsc() < tsc_at(deadline_ns) {}
        let is_reached = now_ns() >= deadline_ns;
        TSC_OFFSET.set(0);
        assert!(is_ahead && is_reached, "{offset}: {is_ahead} {is_reached}");
    }
}

#[test_case]
fn frequency_is_refined_where_it_is_not_stated() {
    let rate = rate();
    assert!(matches!(
        rate.source,
        FrequencySource::Hpet | FrequencySource::PmTimer | FrequencySource::Pit
    ));
    assert!(rate.error_ppm.is_some() && PLAUSIBLE_HZ.contains(&rate.hz));
    // The frequency, measured again against another reference.
    let by_pit = measure(&pit::Channel2, REFINED_PPM).expect("there is a PIT");
    let off_ppm = by_pit.hz.abs_diff(rate.hz) * 1_000_000 / rate.hz;
    let error_ppm = by_pit.error_ppm.unwrap_or(0) + rate.error_ppm.unwrap_or(0);
    assert!(off_ppm <= error_ppm + 1, "{rate}; {by_pit}");
}

#[test_case]
fn time_never_runs_backwards() {
    let mut last_ns = now_ns();
    for round in 0..20_000 {
        if round == 10_000 {
            mark_counters_unstable();
        }
        let ns = now_ns();
        assert!(ns >= last_ns);
        last_ns = ns;
    }
    LATEST_NS.fetch_add(1_000_000_000, Ordering::Relaxed);
    assert!(now_ns() >= last_ns + 1_000_000_000);
    IS_UNSTEADY.store(false, Ordering::Relaxed);
}
