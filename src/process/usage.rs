//! The resource usage of a process, and of the children that it has waited for.
//!
//! The running time of threads is exact; its split between the program and the kernel is sampled
//! (`src/task/samples.rs`).

use core::ops::AddAssign;
use core::sync::atomic::{AtomicU64, Ordering};

use cpu_times::CpuTimes;

use crate::sync::{Rank, SpinMutex};

/// Resource usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The running time on CPUs, in nanoseconds.
    pub run_ns: u64,
    /// The same time, split. While the usages of threads are added, it has the sampled times, whose
    /// sum is less.
    pub times: CpuTimes,
    /// The number of handled page faults.
    pub faults: u64,
    /// How often a CPU was switched to one of the threads.
    pub switches: u64,
    /// The largest number of resident pages at a time. A sum has the maximum of its parts.
    pub pages_max: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.run_ns += other.run_ns;
        self.times += other.times;
        self.faults += other.faults;
        self.switches += other.switches;
        self.pages_max = self.pages_max.max(other.pages_max);
    }
}

/// The last split of the time of a process or a thread.
pub(super) struct SplitTimes(SpinMutex<CpuTimes>);

impl SplitTimes {
    pub(super) const fn new() -> Self {
        Self(SpinMutex::new(Rank::ThreadSignals, CpuTimes::ZERO))
    }

    /// Returns a usage with its time split in the ratio of its samples; neither part ever
    /// decreases.
    pub(super) fn of(&self, sampled: Usage) -> Usage {
        let mut last = self.0.lock();
        *last = sampled.times.split(sampled.run_ns, *last);
        Usage { run_ns: last.total_ns(), times: *last, ..sampled }
    }
}

/// The usage that a process stores.
pub(super) struct UsageCounts {
    faults: AtomicU64,
    /// The largest number of pages of its previous address spaces.
    pages_max: AtomicU64,
    /// Protects the usage of the threads that have ended; taken inside the list of threads.
    ended: SpinMutex<Usage>,
    /// Protects the last split of the time of all threads, so that neither part ever decreases.
    split: SplitTimes,
    /// Protects the usage of the children that were waited for, and of theirs.
    children: SpinMutex<Usage>,
}

impl UsageCounts {
    pub(super) const fn new() -> Self {
        let none = Usage { run_ns: 0, times: CpuTimes::ZERO, faults: 0, switches: 0, pages_max: 0 };
        Self {
            faults: AtomicU64::new(0),
            pages_max: AtomicU64::new(0),
            ended: SpinMutex::new(Rank::ThreadSignals, none),
            split: SplitTimes::new(),
            children: SpinMutex::new(Rank::Process, none),
        }
    }

    /// Records the largest number of pages of an address space that the process leaves.
    pub(super) fn note_pages(&self, pages_max: u64) {
        self.pages_max.fetch_max(pages_max, Ordering::Relaxed);
    }

    /// Counts a page fault.
    #[inline]
    pub(super) fn note_fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds the usage of an ending thread. The list of threads is locked.
    pub(super) fn add_ended(&self, usage: Usage) {
        *self.ended.lock() += usage;
    }

    /// Returns the usage of the threads that have ended, with the page faults of all threads.
    pub(super) fn of_ended(&self) -> Usage {
        let faults = self.faults.load(Ordering::Relaxed);
        let pages_max = self.pages_max.load(Ordering::Relaxed);
        Usage { faults, pages_max, ..*self.ended.lock() }
    }

    /// Returns the sum of the sampled times of all threads, split.
    pub(super) fn split(&self, sum: Usage) -> Usage {
        self.split.of(sum)
    }

    /// Returns the usage of the children that were waited for, and of their children.
    pub(super) fn of_children(&self) -> Usage {
        *self.children.lock()
    }

    /// Adds the usage of a child, including that of its own children.
    pub(super) fn add_child(&self, usage: Usage) {
        *self.children.lock() += usage;
    }
}
