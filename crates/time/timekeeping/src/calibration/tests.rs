//! Calibration of simulated machines with known frequencies and delayed reads.

extern crate std;

use std::vec::Vec;

use super::*;
use proptest::prelude::*;

/// References: frequency in Hz, and mask of the counter's bits.
const REFERENCES: [(u64, u64); 4] = [
    (1_193_182, 0xFFFF),
    (3_579_545, 0xFF_FFFF),
    (14_318_180, 0xFFFF_FFFF),
    (100_000_000, 0xFFFF_FFFF),
];

/// A machine at one moment; its time is in picoseconds.
struct Machine {
    tsc_hz: u64,
    reference_hz: u64,
    mask: u64,
    now_ps: u128,
}

impl Machine {
    fn tsc(&self) -> u64 {
        (self.now_ps * u128::from(self.tsc_hz) / 1_000_000_000_000) as u64
    }

    fn pass_ns(&mut self, ns: u64) {
        self.now_ps += u128::from(ns) * 1000 + 317;
    }

    /// Reads the reference, with these delays in nanoseconds before and after.
    fn sample(&mut self, delays: (u64, u64)) -> Sample {
        let before = self.tsc();
        self.pass_ns(delays.0);
        let count = self.now_ps * u128::from(self.reference_hz) / 1_000_000_000_000;
        self.pass_ns(delays.1);
        Sample { before, count: count as u64 & self.mask, after: self.tsc() }
    }
}

/// Returns the delays of reads: a microsecond or two; for one in `rarity` up to a time
/// slice of the host's scheduler.
fn delays(rarity: u32) -> impl Strategy<Value = Vec<(u64, u64)>> {
    let delay = move || prop_oneof![rarity => 300_u64..1500, 1 => 0_u64..30_000_000];
    prop::collection::vec((delay(), delay()), SAMPLES_MAX)
}

/// Takes half of the samples at once and half after `wait_ns`.
fn take(machine: &mut Machine, delays: &[(u64, u64)], wait_ns: u64) -> Samples {
    let mut samples = Samples::new(machine.mask);
    for (at, &delays) in delays.iter().enumerate() {
        if at == SAMPLES_MAX / 2 {
            machine.pass_ns(wait_ns);
        }
        samples.push(machine.sample(delays));
        machine.pass_ns(211);
    }
    samples
}

fn error_ppm(estimated_hz: u64, hz: u64) -> f64 {
    (estimated_hz as f64 - hz as f64).abs() * 1e6 / hz as f64
}

proptest! {
    #[test]
    fn truth_is_within_the_error(
        tsc_hz in 50_000_000_u64..6_000_000_000, (reference_hz, mask) in
        prop::sample::select(&REFERENCES[1..]), start_ps in any::<u64>(), delays in delays(3),
        wait_ns in 1_000_000_u64..100_000_000,
    ) {
        let mut machine = Machine { tsc_hz, reference_hz, mask, now_ps: start_ps.into() };
        let samples = take(&mut machine, &delays, wait_ns);
        let frequency = samples.estimate().expect("no reference is misread").tsc(reference_hz);
        let off = error_ppm(frequency.hz, tsc_hz);
        prop_assert!(off <= frequency.error_ppm as f64 + 1.0, "{off} of {frequency:?}");
        // The reverse: the reference's frequency from the TSC's.
        let back = samples.estimate().expect("as before").reference(tsc_hz);
        prop_assert!(error_ppm(back.hz, reference_hz) <= back.error_ppm as f64 + 1.0);
    }

    #[test]
    fn fastest_reads_decide_on_a_busy_host(
        tsc_hz in 500_000_000_u64..6_000_000_000, (reference_hz, mask) in
        prop::sample::select(&REFERENCES[1..]), start_ps in any::<u64>(), delays in delays(3),
    ) {
        let mut machine = Machine { tsc_hz, reference_hz, mask, now_ps: start_ps.into() };
        let samples = take(&mut machine, &delays, 40_000_000);
        let frequency = samples.estimate().expect("no reference is misread").tsc(reference_hz);
        prop_assert!(frequency.error_ppm <= 100, "{frequency:?}");
    }

    #[test]
    fn pit_is_good_enough_on_an_idle_machine(
        tsc_hz in 500_000_000_u64..6_000_000_000, start_ps in any::<u64>(),
        delays in prop::collection::vec((300_u64..1500, 300_u64..1500), SAMPLES_MAX),
    ) {
        let (reference_hz, mask) = REFERENCES[0];
        let mut machine = Machine { tsc_hz, reference_hz, mask, now_ps: start_ps.into() };
        let samples = take(&mut machine, &delays, 40_000_000);
        let frequency = samples.estimate().expect("it isn't misread").tsc(reference_hz);
        prop_assert!(error_ppm(frequency.hz, tsc_hz) <= 50.0, "{frequency:?}");
        prop_assert!(frequency.error_ppm <= 100, "{frequency:?}");
    }

    #[test]
    fn misread_values_are_outvoted(
        tsc_hz in 500_000_000_u64..6_000_000_000, (reference_hz, mask) in
        prop::sample::select(&REFERENCES[1..]), start_ps in any::<u64>(), delays in delays(9),
        misread in prop::collection::vec((0..SAMPLES_MAX, 10_000_u64..100_000), 1..8),
    ) {
        let mut machine = Machine { tsc_hz, reference_hz, mask, now_ps: start_ps.into() };
        let samples = take(&mut machine, &delays, 40_000_000);
        let mut with_misread = samples.clone();
        for (at, off) in misread {
            // The counts are already relative to the first sample, so later ones stay
            // right.
            with_misread.samples[at].count += off;
        }
        let off_by = with_misread.estimate().map(|it| error_ppm(it.tsc(reference_hz).hz, tsc_hz));
        prop_assert!(matches!(off_by, Ok(ppm) if ppm <= 200.0), "{off_by:?}");
    }

    #[test]
    fn any_samples_are_harmless(
        raw in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 0..80),
        mask in any::<u64>(),
    ) {
        let mut samples = Samples::new(mask);
        for (before, count, after) in raw {
            samples.push(Sample { before, count, after });
        }
        let _ = samples.passed();
        if let Ok(estimate) = samples.estimate() {
            let _ = (estimate.tsc(u64::MAX), estimate.reference(u64::MAX));
        }
    }
}

#[test]
fn delayed_reads_of_the_old_way_were_off_by_a_tenth() {
    // The reason for this calibration: a single pair of reads, the last delayed by 1 ms.
    let (reference_hz, mask) = REFERENCES[0];
    let mut machine = Machine { tsc_hz: 2_500_000_000, reference_hz, mask, now_ps: 0 };
    let first = machine.sample((500, 500));
    machine.pass_ns(10_000_000);
    let last = machine.sample((500, 1_000_000));
    let single = (last.after - first.after) * reference_hz / (last.count - first.count);
    assert!(error_ppm(single, 2_500_000_000) > 90_000.0);
    let mut samples = Samples::new(mask);
    samples.push(first);
    samples.push(last);
    let honest = samples.estimate().expect("it is bounded").tsc(reference_hz);
    assert!(honest.error_ppm > 45_000, "{honest:?}");
}

#[test]
fn steady_contradictions_are_errors() {
    let mut samples = Samples::new(u64::MAX);
    // Two counters, read in turn.
    for step in 0..SAMPLES_MAX as u64 {
        let tsc = step * 1_000_000;
        let count = if step % 2 == 0 { step * 1000 } else { step * 1000 + 300_000 };
        samples.samples[step as usize] = Sample { before: tsc, count, after: tsc + 100 };
    }
    samples.len = SAMPLES_MAX;
    assert_eq!(samples.estimate(), Err(Error::Contradiction));
    // A counter that stands still bounds nothing.
    let mut still = Samples::new(0xFFFF);
    for step in 0..SAMPLES_MAX as u64 {
        still.push(Sample { before: step * 1000, count: 0xFFFF, after: step * 1000 + 10 });
    }
    assert_eq!(still.estimate(), Err(Error::Unbounded));
    assert_eq!(Samples::new(1).estimate(), Err(Error::Unbounded));
}

#[test]
fn counts_go_over_a_wrap() {
    let mut samples = Samples::new(0xFFFF);
    for count in [0xFFF0, 0x0010, 0x8000] {
        samples.push(Sample { before: 0, count, after: 0 });
    }
    assert_eq!(samples.passed(), 0x8010);
    samples.truncate(2);
    assert_eq!(samples.passed(), 0x20);
}
