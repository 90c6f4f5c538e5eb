//! All benchmarks.

use super::benchmark::Benchmark;
use super::{copies, debugging, fault, interrupts, locks, memory, pages, screen, switches};

/// The cost of a measurement.
pub(super) const NOTHING: Benchmark = Benchmark {
    name: "nothing",
    what: "the measurement alone",
    sample: "two readings of the counter, with nothing between them.",
    run: |sampler, _| Ok(sampler.take_all(|| ())),
};

/// All benchmarks, in the order of the table.
pub(super) const BENCHMARKS: &[Benchmark] = &[
    NOTHING,
    switches::SWITCH,
    switches::WAKE,
    interrupts::INTERRUPT,
    fault::FAULT,
    pages::MAP,
    pages::UNMAP,
    memory::FRAME,
    memory::HEAP_SMALL,
    memory::HEAP_LARGE,
    locks::SPIN,
    locks::MUTEX,
    copies::COPY_4K,
    copies::COPY_64K,
    screen::SCROLL,
    screen::ROW,
    screen::KEY,
    debugging::WALK,
    debugging::SYMBOL,
    debugging::BACKTRACE,
];
