//! The table and the histogram.

use core::fmt::{self, Write};

use sample_histogram::Histogram;

use super::benchmark::{Benchmark, Unmeasured};
use crate::arch::cpu::id::CpuId;
use crate::arch::time::clock;

/// The width of the histogram.
const COLUMNS: usize = 80;

/// Writes the results.
pub(super) struct Report {
    /// The median cost of a measurement, in ticks.
    pub own_cost: u64,
    /// The CPU that is measured.
    pub cpu: CpuId,
}

impl Report {
    /// Writes what the numbers are, and the heading of the table.
    pub(super) fn write_heading(&self, out: &mut dyn Write) -> fmt::Result {
        let Self { own_cost, cpu } = self;
        writeln!(out, "CPU {cpu}; TSC: {}", clock::rate())?;
        if !clock::has_constant_rate() {
            writeln!(
                out,
                "It isn't invariant: it may run at another rate now, and then ns is wrong."
            )?;
        }
        writeln!(
            out,
            "In cycles of the TSC. A measurement takes {own_cost}, subtracted except in row nothing."
        )?;
        writeln!(
            out,
            "{:10} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} what",
            "name", "min", "median", "p90", "p99", "max", "ns"
        )
    }

    /// Writes the row of a benchmark.
    pub(super) fn write_row(
        &self,
        benchmark: &Benchmark,
        histogram: &Histogram,
        out: &mut dyn Write,
    ) -> fmt::Result {
        let median = histogram.percentile(50);
        write!(out, "{:10}", benchmark.name)?;
        let percentiles = [90, 99].map(|percent| histogram.percentile(percent));
        let [p90, p99] = percentiles;
        for ticks in [histogram.min(), median, p90, p99, histogram.max()] {
            write!(out, " {:>7}", Short(ticks))?;
        }
        writeln!(out, " {:>7} {}", Short(clock::ticks_to_ns(median)), benchmark.what)
    }

    /// Writes why a benchmark has no row.
    pub(super) fn write_unmeasured(
        &self,
        benchmark: &Benchmark,
        reason: Unmeasured,
        out: &mut dyn Write,
    ) -> fmt::Result {
        writeln!(out, "{:10} not measured: {reason}", benchmark.name)
    }

    /// Writes the histogram of a benchmark, and what a sample is.
    pub(super) fn write_histogram(
        &self,
        benchmark: &Benchmark,
        histogram: &Histogram,
        out: &mut dyn Write,
    ) -> fmt::Result {
        writeln!(out, "{} samples: {}", histogram.count(), benchmark.sample)?;
        write!(out, "{}", histogram.bars(COLUMNS))
    }
}

/// A number of at most seven characters, unless it is 10^9 or more: thousands end with `k`.
struct Short(u64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = heapless::String::<24>::new();
        match self.0 {
            number @ ..10_000_000 => write!(text, "{number}")?,
            number => write!(text, "{}k", number / 1000)?,
        }
        f.pad(&text)
    }
}
