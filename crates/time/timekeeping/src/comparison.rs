//! Comparison of a clock with an independent one, its witness.
//!
//! The witness counts at a known frequency. The moment at which it begins to show a count is an
//! [`Edge`]: the clock is read before the last read of the old count and after the first read of
//! the new count. The edge is between these two times, however long the reads were delayed. Two
//! edges bound the clock's deviation from the witness.

const NS_PER_SECOND: u128 = 1_000_000_000;
const BILLION: i128 = 1_000_000_000;
const PPB_PER_PPM: i64 = 1000;

/// The moment at which a witness began to show a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The count that the witness shows since then.
    pub count: u64,
    /// The clock's time before the edge, in nanoseconds.
    pub earliest_ns: u64,
    /// The clock's time after the edge, in nanoseconds.
    pub latest_ns: u64,
}

impl Edge {
    /// Returns how far apart its two times are, in nanoseconds.
    pub fn width_ns(&self) -> u64 {
        self.latest_ns.saturating_sub(self.earliest_ns)
    }
}

/// The first and the last edge of a witness.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    hz: u32,
    /// The bits of the witness's counter.
    mask: u64,
    first: Edge,
    last: Edge,
    /// The number of counts between the two edges.
    counts: u64,
}

impl Comparison {
    /// Starts at the edge `first` of a witness that counts at `hz` and wraps to 0 after `mask`.
    pub fn new(hz: u32, mask: u64, first: Edge) -> Self {
        Self { hz, mask, first, last: first, counts: 0 }
    }

    /// Adds a later edge. The witness may have wrapped once since the previous edge.
    pub fn push(&mut self, edge: Edge) {
        let counts = edge.count.wrapping_sub(self.last.count) & self.mask;
        self.counts = self.counts.saturating_add(counts);
        self.last = edge;
    }

    /// Returns how much time has passed by the witness, in nanoseconds, rounded down.
    pub fn witness_ns(&self) -> u64 {
        let ns = u128::from(self.counts) * NS_PER_SECOND / u128::from(self.hz.max(1));
        u64::try_from(ns).unwrap_or(u64::MAX)
    }

    /// Returns by how much the clock deviates; `None` while no count has passed.
    pub fn deviation(&self) -> Option<Deviation> {
        // Both times in units of 1 / hz ns.
        let witness = u128::from(self.counts) * NS_PER_SECOND;
        let witness = i128::try_from(witness).ok().filter(|&witness| witness > 0)?;
        let clock = |from_ns: u64, to_ns: u64| {
            (i128::from(to_ns) - i128::from(from_ns)) * i128::from(self.hz)
        };
        let least = clock(self.first.latest_ns, self.last.earliest_ns);
        let most = clock(self.first.earliest_ns, self.last.latest_ns);
        // Rounded outwards. Each time is below 2^96, so a billion times their difference fits.
        let lowest = ((least - witness) * BILLION).div_euclid(witness);
        let highest = -((witness - most) * BILLION).div_euclid(witness);
        let clamped = |ppb: i128| ppb.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        Some(Deviation { lowest_ppb: clamped(lowest), highest_ppb: clamped(highest) })
    }
}

/// A clock's deviation from its witness, in billionths, between two bounds; positive if the
/// clock is fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The lower bound.
    pub lowest_ppb: i64,
    /// The upper bound.
    pub highest_ppb: i64,
}

/// The result of comparing a deviation with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The deviation is within the limit.
    Within,
    /// The deviation is beyond the limit.
    Beyond,
    /// The bounds are too wide to decide.
    Unknown,
}

impl Deviation {
    /// Returns the middle of the bounds, in billionths.
    pub fn middle_ppb(&self) -> i64 {
        self.lowest_ppb.midpoint(self.highest_ppb)
    }

    /// Returns by how much the middle may be off, in billionths, rounded up.
    pub fn error_ppb(&self) -> u64 {
        self.highest_ppb.abs_diff(self.lowest_ppb).div_ceil(2)
    }

    /// Compares the deviation with a limit in millionths, for both directions.
    pub fn judge(&self, limit_ppm: u32) -> Verdict {
        let limit_ppb = i64::from(limit_ppm) * PPB_PER_PPM;
        if self.lowest_ppb >= -limit_ppb && self.highest_ppb <= limit_ppb {
            Verdict::Within
        } else if self.lowest_ppb > limit_ppb || self.highest_ppb < -limit_ppb {
            Verdict::Beyond
        } else {
            Verdict::Unknown
        }
    }
}

#[cfg(test)]
mod tests;
