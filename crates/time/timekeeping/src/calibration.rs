//! Calibration: the frequency of the time stamp counter (TSC), from samples of a reference
//! counter of known frequency.
//!
//! A [`Sample`] is a value of the reference with the TSC before and after it was read. The
//! read may have been delayed by any amount, but it happened between the two:
//!
//! ```text
//!  TSC ▲                     ╱ │ after      count = floor(reference), so the line that
//!      │                   ╱   │            maps the reference to the TSC is not above
//!      │           │ after     │ before     `after` at `count`, and not below `before`
//!      │         ╱ │                        at `count + 1`.
//!      │       ╱   │ before
//!      └─────────────────────────► reference
//! ```
//!
//! Each pair of samples bounds the slope of that line from both sides. The intersection
//! of all bounds is the [`Estimate`]. A delayed read only makes its own bounds wider, so
//! the fastest reads determine the result, and its error is known. An empty intersection
//! means that the reference was misread at least once. Then the slope that the bounds of
//! most pairs allow is chosen. Samples that most others contradict are left out, and so are
//! bounds that exclude this slope.

/// The largest number of samples of a calibration.
pub const SAMPLES_MAX: usize = 64;

/// Estimates are multiples of 2^-24 ticks per count.
const FRACTION_BITS: u32 = 24;
/// The most TSC ticks that a calibration may take: minutes.
const TICKS_MAX: u64 = 1 << (64 - FRACTION_BITS);

/// A value of the reference and when it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// The TSC before the read.
    pub before: u64,
    /// The reference, which counts up from an arbitrary value.
    pub count: u64,
    /// The TSC after the read.
    pub after: u64,
}

/// Why there is no estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The samples are too close together to bound the frequency from both sides, or
    /// minutes apart.
    Unbounded,
    /// The samples contradict each other: the reference was misread, or isn't steady.
    Contradiction,
}

/// Samples of one reference, in the order in which they were taken.
#[derive(Clone, Debug)]
pub struct Samples {
    samples: [Sample; SAMPLES_MAX],
    len: usize,
    /// The bits of the reference counter.
    mask: u64,
    first_count: u64,
}

impl Samples {
    /// Makes an empty set for a reference that wraps to 0 after `mask`.
    pub fn new(mask: u64) -> Self {
        Self { samples: [Sample::default(); SAMPLES_MAX], len: 0, mask, first_count: 0 }
    }

    /// Adds a sample. The reference may have wrapped once since the first sample. If there
    /// are [`SAMPLES_MAX`] samples, the new one replaces the last.
    pub fn push(&mut self, sample: Sample) {
        if self.len == 0 {
            self.first_count = sample.count;
        }
        // Relative to the first sample, so that a misread one affects no other.
        let count = self.passed_at(sample.count);
        self.len = (self.len + 1).min(SAMPLES_MAX);
        self.samples[self.len - 1] = Sample { count, ..sample };
    }

    /// Removes all but the first `len` samples.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Returns the samples; their counts are relative to the first.
    pub fn all(&self) -> &[Sample] {
        &self.samples[..self.len]
    }

    /// Returns how many counts lie between the first sample and the last.
    pub fn passed(&self) -> u64 {
        match self.all() {
            [first, .., last] => last.count.saturating_sub(first.count),
            _ => 0,
        }
    }

    /// Returns how far `count`, a value of the reference, is from the first sample.
    pub fn passed_at(&self, count: u64) -> u64 {
        count.wrapping_sub(self.first_count) & self.mask
    }

    /// Estimates the TSC's ticks per count.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn estimate(&self) -> Result<Estimate, Error> {
        let estimate = self.intersect(|_| true, |_| true).ok_or(Error::Unbounded)?;
        if estimate.lower <= estimate.upper {
            return Ok(estimate);
        }
        let agreed = self.most_agreed();
        let mut is_kept = [false; SAMPLES_MAX];
        for (at, is_kept) in is_kept.iter_mut().enumerate().take(self.len) {
            let others = (0..self.len).filter(|&other| other != at);
            let agreeing = others.filter(|&other| self.bounds(at, other).allows(agreed)).count();
            *is_kept = agreeing * 2 > self.len;
        }
        if is_kept.iter().filter(|&&is_kept| is_kept).count() * 4 < self.len * 3 {
            return Err(Error::Contradiction);
        }
        // A misread sample whose reads were slow has wide bounds, which agree with most others.
        // Its few narrow bounds are left out here.
        self.intersect(|at| is_kept[at], |bounds| bounds.allows(agreed)).ok_or(Error::Unbounded)
    }

    /// Intersects the bounds that `counts` selects, of all pairs of the samples that `is_kept`
    /// selects; `None` if no pair bounds one of the sides.
    fn intersect(
        &self,
        is_kept: impl Fn(usize) -> bool,
        counts: impl Fn(&Estimate) -> bool,
    ) -> Option<Estimate> {
        let mut all = Estimate::ANY;
        for later in (0..self.len).filter(|&at| is_kept(at)) {
            let others = (0..later).filter(|&at| is_kept(at));
            let bounds = others.map(|earlier| self.bounds(earlier, later));
            for bounds in bounds.filter(|bounds| counts(bounds)) {
                all.lower = all.lower.max(bounds.lower);
                all.upper = all.upper.min(bounds.upper);
            }
        }
        (all.lower > 0 && all.upper < u64::MAX).then_some(all)
    }

    /// Returns the slope that is within the bounds of the most pairs of samples. It is the
    /// lower bound of one of these pairs.
    fn most_agreed(&self) -> u64 {
        let pairs =
            || (0..self.len).flat_map(|later| (0..later).map(move |earlier| (earlier, later)));
        let bounds = || pairs().map(|(earlier, later)| self.bounds(earlier, later));
        let votes = |slope: u64| bounds().filter(|bounds| bounds.allows(slope)).count();
        let slopes =
            bounds().filter(|bounds| bounds.lower <= bounds.upper).map(|bounds| bounds.lower);
        slopes.max_by_key(|&slope| votes(slope)).unwrap_or(0)
    }

    /// Returns the bounds that two samples set.
    fn bounds(&self, one: usize, other: usize) -> Estimate {
        let (earlier, later) = (self.samples[one.min(other)], self.samples[one.max(other)]);
        let Some(counts) = later.count.checked_sub(earlier.count) else {
            return Estimate::NONE;
        };
        let least_ticks = later.before.saturating_sub(earlier.after);
        let most_ticks = later.after.saturating_sub(earlier.before);
        let mut bounds = Estimate::ANY;
        if most_ticks < TICKS_MAX {
            bounds.lower = (least_ticks << FRACTION_BITS) / counts.saturating_add(1);
            if counts > 1 {
                bounds.upper = (most_ticks << FRACTION_BITS).div_ceil(counts - 1);
            }
        }
        bounds
    }
}

/// The TSC's ticks per count of the reference, between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    lower: u64,
    upper: u64,
}

/// A frequency that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frequency {
    /// In Hz.
    pub hz: u64,
    /// Its greatest error, in millionths, rounded up.
    pub error_ppm: u64,
}

impl Estimate {
    const ANY: Self = Self { lower: 0, upper: u64::MAX };
    /// The bounds of an impossible slope: the lower one is above the upper one.
    const NONE: Self = Self { lower: u64::MAX, upper: 0 };

    fn allows(&self, slope: u64) -> bool {
        (self.lower..=self.upper).contains(&slope)
    }

    fn middle(&self) -> u64 {
        self.lower.midpoint(self.upper)
    }

    /// Returns the greatest error of the middle, in millionths, rounded up.
    pub fn error_ppm(&self) -> u64 {
        let half = self.upper.saturating_sub(self.lower).div_ceil(2);
        let ppm = (u128::from(half) * 1_000_000).div_ceil(u128::from(self.middle().max(1)));
        u64::try_from(ppm).unwrap_or(u64::MAX)
    }

    /// Returns the TSC's frequency in Hz, from that of the reference.
    pub fn tsc(&self, reference_hz: u64) -> Frequency {
        let hz = (u128::from(self.middle()) * u128::from(reference_hz)) >> FRACTION_BITS;
        let hz = u64::try_from(hz).unwrap_or(u64::MAX);
        Frequency { hz, error_ppm: self.error_ppm() }
    }

    /// Returns the reference's frequency in Hz, from that of the TSC.
    pub fn reference(&self, tsc_hz: u64) -> Frequency {
        let hz = (u128::from(tsc_hz) << FRACTION_BITS) / u128::from(self.middle().max(1));
        let hz = u64::try_from(hz).unwrap_or(u64::MAX);
        Frequency { hz, error_ppm: self.error_ppm() }
    }
}

#[cfg(test)]
mod tests;
