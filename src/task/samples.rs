//! Samples of where CPUs spend their time: in programs, or in the kernel.
//!
//! How long a thread runs is measured at each switch. Reading the clock at each system call as well
//! would cost more than most calls do, so the timer interrupt samples it: the time that a thread
//! has run since the last sample counts for the mode, user or kernel, that the interrupt finds.
//! While a program runs, the timer interrupts every [`TICK_NS`] at least.

use core::sync::atomic::{AtomicU64, Ordering};

use cpu_times::CpuTimes;

/// The longest time between two samples of a program, in nanoseconds.
pub(super) const TICK_NS: u64 = 10_000_000;

/// The sampled times.
pub(super) struct Samples {
    user_ns: AtomicU64,
    system_ns: AtomicU64,
}

impl Samples {
    pub(super) const fn new() -> Self {
        Self { user_ns: AtomicU64::new(0), system_ns: AtomicU64::new(0) }
    }

    /// Adds a sample. Only the CPU that they are of, or that runs the thread that they are of,
    /// does.
    pub(super) fn add(&self, is_of_program: bool, ns: u64) {
        let sum = if is_of_program { &self.user_ns } else { &self.system_ns };
        sum.store(sum.load(Ordering::Relaxed) + ns, Ordering::Relaxed);
    }

    /// Returns the sums.
    pub(super) fn sums(&self) -> CpuTimes {
        let sum = |of: &AtomicU64| of.load(Ordering::Relaxed);
        CpuTimes { user_ns: sum(&self.user_ns), system_ns: sum(&self.system_ns) }
    }

    /// Resets the times: the slot gets another thread.
    pub(super) fn clear(&self) {
        self.user_ns.store(0, Ordering::Relaxed);
        self.system_ns.store(0, Ordering::Relaxed);
    }
}
