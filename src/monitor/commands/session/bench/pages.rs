//! Pages of the kernel.

use super::benchmark::{Benchmark, Place, Unmeasured};
use super::sampler::Sampler;
use crate::mm::kernel::scratch::Scratch;

pub(super) const MAP: Benchmark = Benchmark {
    name: "map",
    what: "map a kernel page",
    sample: "takes a frame and maps it at an address of the kernel.",
    run: map,
};

pub(super) const UNMAP: Benchmark = Benchmark {
    name: "unmap",
    what: "unmap it, flush TLBs",
    sample: "unmaps a page, flushes it from all CPUs' TLBs, frees its frame.",
    run: unmap,
};

fn map(mut sampler: Sampler, _place: &Place) -> Result<Sampler, Unmeasured> {
    let scratch = Scratch::try_new()?;
    while sampler.goes_on() {
        drop(sampler.time(|| scratch.map())?);
    }
    Ok(sampler)
}

fn unmap(mut sampler: Sampler, _place: &Place) -> Result<Sampler, Unmeasured> {
    let scratch = Scratch::try_new()?;
    while sampler.goes_on() {
        let page = scratch.map()?;
        sampler.time(|| drop(page));
    }
    Ok(sampler)
}
