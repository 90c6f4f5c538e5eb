//! Switches between threads, and wake-ups.
//!
//! Both use a second thread on the same CPU. It reads the counter before the switch, and the
//! thread that takes the samples reads the counter after the switch.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::benchmark::{Benchmark, Place, Unmeasured};
use super::pinned;
use super::sampler::Sampler;
use crate::arch::time::clock;
use crate::sync::WaitQueue;
use crate::task;

pub(super) const SWITCH: Benchmark = Benchmark {
    name: "switch",
    what: "a thread yields",
    sample: "from a thread that yields to the next one, which runs.",
    run: switch,
};

pub(super) const WAKE: Benchmark = Benchmark {
    name: "wake",
    what: "a woken thread runs",
    sample: "from the wake-up of a waiting thread until it runs.",
    run: wake,
};

/// The state that the two threads share. Both run on one CPU, and never at the same time.
#[derive(Default)]
struct Shared {
    /// When the second thread gave the CPU up; 0 if it hasn't since the last sample.
    start: AtomicU64,
    /// The number of requested wake-ups, and of wake-ups.
    requested: AtomicU64,
    woken: AtomicU64,
    request: WaitQueue,
    wake: WaitQueue,
    /// Whether the second thread should end.
    is_over: AtomicBool,
}

impl Shared {
    fn try_new() -> Result<Arc<Self>, Unmeasured> {
        Arc::try_new(Self::default()).map_err(|_| Unmeasured::OutOfMemory)
    }
}

fn switch(mut sampler: Sampler, place: &Place) -> Result<Sampler, Unmeasured> {
    let shared = Shared::try_new()?;
    let of_other = shared.clone();
    let other = pinned::spawn(place.cpu, move || {
        while !of_other.is_over.load(Ordering::Relaxed) {
            of_other.start.store(clock::read_tsc_serialized(), Ordering::Relaxed);
            task::yield_now();
        }
    })?;
    while sampler.goes_on() {
        shared.start.store(0, Ordering::Relaxed);
        task::yield_now();
        let end = clock::read_tsc_serialized();
        match shared.start.load(Ordering::Relaxed) {
            // The other thread has not run.
            0 => {}
            start => sampler.record(start, end),
        }
    }
    shared.is_over.store(true, Ordering::Relaxed);
    pinned::join(other);
    Ok(sampler)
}

fn wake(mut sampler: Sampler, place: &Place) -> Result<Sampler, Unmeasured> {
    let shared = Shared::try_new()?;
    let of_other = shared.clone();
    let other = pinned::spawn(place.cpu, move || wake_on_request(&of_other))?;
    for round in 1.. {
        if !sampler.goes_on() {
            break;
        }
        shared.requested.store(round, Ordering::Relaxed);
        shared.request.wake_one();
        shared.wake.wait_until(|| shared.woken.load(Ordering::Relaxed) == round);
        let end = clock::read_tsc_serialized();
        sampler.record(shared.start.load(Ordering::Relaxed), end);
    }
    shared.is_over.store(true, Ordering::Relaxed);
    shared.request.wake_one();
    pinned::join(other);
    Ok(sampler)
}

/// Wakes the other thread whenever it has requested that.
fn wake_on_request(shared: &Shared) {
    let is_over = || shared.is_over.load(Ordering::Relaxed);
    for round in 1.. {
        let is_requested = || shared.requested.load(Ordering::Relaxed) == round;
        shared.request.wait_until(|| is_requested() || is_over());
        if is_over() {
            return;
        }
        shared.woken.store(round, Ordering::Relaxed);
        shared.start.store(clock::read_tsc_serialized(), Ordering::Relaxed);
        shared.wake.wake_one();
    }
}
