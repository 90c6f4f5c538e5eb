//! The measurement: one sample for each run of an operation.

use core::hint::black_box;

use sample_histogram::{Histogram, NoMemory};

use crate::arch::time::clock;
use crate::console;

/// The number of samples, and the time that they may take.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    samples_max: u32,
    /// No further sample is taken after this time, unless there are too few.
    time_ns: u64,
}

impl Effort {
    /// For one operation.
    pub(super) const ONE: Self = Self { samples_max: 10_000, time_ns: 1_000_000_000 };
    /// For each operation, if all are measured.
    pub(super) const ONE_OF_ALL: Self = Self { samples_max: 2_000, time_ns: 200_000_000 };
}

/// The number of samples that are taken even if they take longer.
const SAMPLES_MIN: u32 = 16;
/// The number of runs before the first sample: they fill caches.
const WARM_UP_RUNS: u32 = 32;
/// The time after which the first sample is taken anyway, as a part of [`Effort::time_ns`].
const WARM_UP_PART: u64 = 4;
/// The time between two looks for Ctrl-C, in nanoseconds.
const LOOK_NS: u64 = 10_000_000;

/// Takes samples of an operation, in ticks of the time stamp counter. All time stamps of a sample
/// have to come from the same CPU.
pub(super) struct Sampler {
    histogram: Histogram,
    effort: Effort,
    /// The cost of a measurement, which is subtracted from each sample. A sample that costs less,
    /// because the counter advances in steps, becomes 0.
    own_cost: u64,
    warm_up_left: u32,
    /// When the first run began; 0 before that.
    start_ns: u64,
    next_look_ns: u64,
    was_interrupted: bool,
}

impl Sampler {
    /// Makes a sampler without samples. `own_cost` is subtracted from each sample.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub(super) fn try_new(effort: Effort, own_cost: u64) -> Result<Self, NoMemory> {
        Ok(Self {
            histogram: Histogram::try_new()?,
            effort,
            own_cost,
            warm_up_left: WARM_UP_RUNS,
            start_ns: 0,
            next_look_ns: 0,
            was_interrupted: false,
        })
    }

    /// Returns the samples.
    pub(super) fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// Returns whether Ctrl-C has ended the measurement.
    pub(super) fn was_interrupted(&self) -> bool {
        self.was_interrupted
    }

    /// Returns whether a further sample should be taken. Called between the samples.
    pub(super) fn goes_on(&mut self) -> bool {
        let now_ns = clock::now_ns();
        if self.start_ns == 0 {
            self.start_ns = now_ns;
        }
        if now_ns >= self.next_look_ns {
            self.next_look_ns = now_ns + LOOK_NS;
            self.was_interrupted |= console::is_interrupted();
        }
        let time_ns = now_ns - self.start_ns;
        if time_ns > self.effort.time_ns / WARM_UP_PART {
            self.warm_up_left = 0;
        }
        let samples = self.histogram.count();
        let is_enough = samples >= self.effort.samples_max
            || (samples >= SAMPLES_MIN && time_ns > self.effort.time_ns);
        !is_enough && !self.was_interrupted
    }

    /// Runs `operation` and adds the time that it takes.
    #[inline(always)]
    pub(super) fn time<R>(&mut self, operation: impl FnOnce() -> R) -> R {
        let start = clock::read_tsc_serialized();
        let result = operation();
        let end = clock::read_tsc_serialized();
        self.record(start, end);
        result
    }

    /// Adds the time between two readings of [`clock::read_tsc_serialized`].
    pub(super) fn record(&mut self, start: u64, end: u64) {
        if self.warm_up_left > 0 {
            self.warm_up_left -= 1;
            return;
        }
        self.histogram.record(end.wrapping_sub(start).saturating_sub(self.own_cost));
    }

    /// Takes all samples of `operation`. Its results are dropped between the samples.
    pub(super) fn take_all<R>(mut self, mut operation: impl FnMut() -> R) -> Self {
        while self.goes_on() {
            drop(black_box(self.time(&mut operation)));
        }
        self
    }
}
