//! Frames and blocks of the heap.

use alloc::vec::Vec;
use core::hint::black_box;

use super::benchmark::{Benchmark, Unmeasured};
use super::sampler::Sampler;
use crate::mm::kernel::frames::{AllocatedFrames, Purpose};

pub(super) const FRAME: Benchmark = Benchmark {
    name: "frame",
    what: "take and free a frame",
    sample: "takes a frame from this CPU's cache and frees it.",
    run: |sampler, _| {
        Ok(sampler.take_all(|| drop(black_box(AllocatedFrames::try_new(Purpose::Other)))))
    },
};

pub(super) const HEAP_SMALL: Benchmark = Benchmark {
    name: "heap-small",
    what: "64 B of the heap",
    sample: "allocates 64 bytes from this CPU's lists and frees them.",
    run: |sampler, _| allocate(sampler, 64),
};

pub(super) const HEAP_LARGE: Benchmark = Benchmark {
    name: "heap-large",
    what: "64 KiB of the heap",
    sample: "allocates 64 KiB from the heap and frees them.",
    run: |sampler, _| allocate(sampler, 64 * 1024),
};

/// Allocates and frees `len_bytes`.
fn allocate(sampler: Sampler, len_bytes: usize) -> Result<Sampler, Unmeasured> {
    let mut has_failed = false;
    let sampler = sampler.take_all(|| {
        let mut block = Vec::<u8>::new();
        has_failed |= block.try_reserve_exact(len_bytes).is_err();
        drop(black_box(block));
    });
    if has_failed { Err(Unmeasured::OutOfMemory) } else { Ok(sampler) }
}
