//! Locks that are free.

use super::benchmark::Benchmark;
use crate::sync::{IrqMutex, Mutex, Rank};

/// For the benchmark alone; taken with no other lock held.
static SPIN_LOCK: IrqMutex<u64> = IrqMutex::new(Rank::Device, 0);
/// As above.
static SLEEPING_LOCK: Mutex<u64> = Mutex::new(Rank::AddressSpace, 0);

pub(super) const SPIN: Benchmark = Benchmark {
    name: "spin",
    what: "a free spin lock",
    sample: "turns interrupts off, takes a free spin lock, releases it.",
    run: |sampler, _| Ok(sampler.take_all(|| *SPIN_LOCK.lock() += 1)),
};

pub(super) const MUTEX: Benchmark = Benchmark {
    name: "mutex",
    what: "a free sleeping lock",
    sample: "takes a free mutex, whose waiters sleep, and releases it.",
    run: |sampler, _| Ok(sampler.take_all(|| *SLEEPING_LOCK.lock() += 1)),
};
