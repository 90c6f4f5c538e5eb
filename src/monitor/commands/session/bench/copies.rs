//! Copies of memory.

use alloc::vec::Vec;
use core::hint::black_box;

use super::benchmark::{Benchmark, Unmeasured};
use super::sampler::Sampler;

pub(super) const COPY_4K: Benchmark = Benchmark {
    name: "copy-4k",
    what: "copy 4 KiB",
    sample: "copies 4 KiB of the heap, which are in the CPU's cache.",
    run: |sampler, _| copy(sampler, 4 * 1024),
};

pub(super) const COPY_64K: Benchmark = Benchmark {
    name: "copy-64k",
    what: "copy 64 KiB",
    sample: "copies 64 KiB of the heap.",
    run: |sampler, _| copy(sampler, 64 * 1024),
};

/// Copies `len_bytes` from one block to another.
fn copy(sampler: Sampler, len_bytes: usize) -> Result<Sampler, Unmeasured> {
    let from = filled(1, len_bytes)?;
    let mut to = filled(0, len_bytes)?;
    Ok(sampler.take_all(|| black_box(&mut to).copy_from_slice(black_box(&from))))
}

fn filled(byte: u8, len_bytes: usize) -> Result<Vec<u8>, Unmeasured> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len_bytes).map_err(|_| Unmeasured::OutOfMemory)?;
    bytes.resize(len_bytes, byte);
    Ok(bytes)
}
