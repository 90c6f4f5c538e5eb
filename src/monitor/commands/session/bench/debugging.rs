//! Operations of the monitor and of reports.

use core::hint::black_box;

use x86_64::VirtAddr;

use super::benchmark::Benchmark;
use crate::arch::debug::backtrace::Backtrace;
use crate::mm::debug::walk;
use crate::symbols;

pub(super) const WALK: Benchmark = Benchmark {
    name: "walk",
    what: "walk the page tables",
    sample: "follows an address through the page tables.",
    run: |sampler, _| Ok(sampler.take_all(|| walk::translate(black_box(address())))),
};

pub(super) const SYMBOL: Benchmark = Benchmark {
    name: "symbol",
    what: "name an address",
    sample: "finds the function at an address.",
    run: |sampler, _| Ok(sampler.take_all(|| symbols::function_at(black_box(address())))),
};

pub(super) const BACKTRACE: Benchmark = Benchmark {
    name: "backtrace",
    what: "follow the stack",
    sample: "follows the frames on the stack of this thread.",
    run: |sampler, _| Ok(sampler.take_all(|| Backtrace::here().count())),
};

/// Returns an address that is mapped by a small page and has a symbol.
fn address() -> VirtAddr {
    VirtAddr::from_ptr(address as *const ())
}
