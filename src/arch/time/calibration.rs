//! Calibration of the time stamp counter (TSC) against a counter of known frequency.
//!
//! The crate `timekeeping` computes the estimate and its error. This module takes the
//! samples: a group at the start, and further groups after longer and longer waits, until
//! the error is small enough.

use timekeeping::calibration::{Error, Estimate, Sample, Samples};

use crate::arch::time::rate::FrequencySource;
use crate::arch::time::tsc::read_tsc_in_order;

/// A counter of known frequency.
pub trait Reference {
    /// Returns the kind of the counter.
    fn source(&self) -> FrequencySource;
    /// Returns the counter's frequency in Hz.
    fn hz(&self) -> u64;
    /// Returns the counter's largest value, after which it wraps to 0.
    fn mask(&self) -> u64;
    /// Prepares the counter; returns whether it counts.
    fn start(&self) -> bool;
    /// Reads the counter between two readings of the TSC, as [`bracket`] does. `None` if the
    /// counter has stopped counting since its start.
    fn sample(&self) -> Option<Sample>;
    /// Undoes [`start`](Self::start).
    fn stop(&self) {}
}

/// The lengths of a measurement, in milliseconds; they are tried in this order until the
/// error is small enough. The PIT's limit is 54.9 ms.
const LENGTHS_MS: [u64; 5] = [2, 5, 10, 20, 40];
/// The number of samples in a group, and the number of samples that are kept when the next group is
/// taken.
const GROUP: usize = 20;
const KEPT: usize = 4;
/// The largest number of reads of a measurement. A read takes about a microsecond on hardware, and
/// at least some nanoseconds if an emulator counts instructions as time.
const READS_MAX: u32 = 4_000_000;
/// How often a reference is measured if its values contradict each other.
const ATTEMPTS: usize = 3;
/// An estimate with a larger error is rejected.
const ERROR_MAX_PPM: u64 = 20_000;

/// Calls `read` and returns its result with readings of the TSC before and after the call.
pub fn bracket(read: impl FnOnce() -> u64) -> Sample {
    let before = read_tsc_in_order();
    let count = read();
    Sample { before, count, after: read_tsc_in_order() }
}

/// Estimates the TSC's ticks per count of `reference`. Measures until the error is at most
/// `target_ppm`, for 2 to 40 ms, or longer if reads are delayed. `None` if the reference doesn't
/// work.
pub(in crate::arch) fn measure(reference: &dyn Reference, target_ppm: u64) -> Option<Estimate> {
    (0..ATTEMPTS).find_map(|_| {
        let estimate = reference.start().then(|| attempt(reference, target_ppm)).flatten();
        reference.stop();
        estimate.filter(|estimate| estimate.error_ppm() <= ERROR_MAX_PPM)
    })
}

fn attempt(reference: &dyn Reference, target_ppm: u64) -> Option<Estimate> {
    let mut samples = Samples::new(reference.mask());
    let mut reads_left = READS_MAX;
    let mut best: Option<Estimate> = None;
    take_group(reference, &mut samples)?;
    for (step, length_ms) in LENGTHS_MS.into_iter().enumerate() {
        let counts = reference.hz() * length_ms / 1000;
        let is_waited = wait(reference, &samples, counts, &mut reads_left);
        samples.truncate(GROUP + KEPT * step);
        if is_waited.is_none() || take_group(reference, &mut samples).is_none() {
            break;
        }
        match samples.estimate() {
            Ok(estimate) => {
                if best.is_none_or(|best| estimate.error_ppm() < best.error_ppm()) {
                    best = Some(estimate);
                }
                if estimate.error_ppm() <= target_ppm {
                    break;
                }
            }
            Err(Error::Unbounded) => {}
            Err(Error::Contradiction) => return None,
        }
    }
    best
}

fn take_group(reference: &dyn Reference, samples: &mut Samples) -> Option<()> {
    for _ in 0..GROUP {
        samples.push(reference.sample()?);
    }
    Some(())
}

/// Waits until the reference has counted `counts` since the first sample.
fn wait(
    reference: &dyn Reference,
    samples: &Samples,
    counts: u64,
    reads_left: &mut u32,
) -> Option<()> {
    while samples.passed_at(reference.sample()?.count) < counts {
        *reads_left = reads_left.checked_sub(1)?;
    }
    Some(())
}
