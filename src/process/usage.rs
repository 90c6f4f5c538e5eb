//! The resource usage of a process, and of the children that it has waited for.
//!
//! How long threads ran is exact; how that is split between their program and the kernel is sampled
//! (`src/task/samples.rs`).

use core::ops::AddAssign;
use core::sync::atomic::{AtomicU64, Ordering};

use cpu_times::CpuTimes;

use crate::sync::{Rank, SpinMutex};

/// Resource usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The time of CPUs, in nanoseconds.
    pub run_ns: u64,
    /// That time, split. While the usage of threads is summed up: the sampled times, which are
    /// less.
    pub times: CpuTimes,
    /// How many page faults were served.
    pub faults: u64,
    /// How often a CPU was switched to one of the threads.
    pub switches: u64,
    /// The most pages that were resident in a process at a time. A sum has the largest.
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

/// How the time of a process or a thread was split last.
pub(super) struct SplitTimes(SpinMutex<CpuTimes>);

impl SplitTimes {
    pub(super) const fn new() -> Self {
        Self(SpinMutex::new(Rank::ThreadSignals, CpuTimes::ZERO))
    }

    /// Returns a usage with its time split as its samples are; neither part is less than last time.
    pub(super) fn of(&self, sampled: Usage) -> Usage {
        let mut last = self.0.lock();
        *last = sampled.times.split(sampled.run_ns, *last);
        Usage { run_ns: last.total_ns(), times: *last, ..sampled }
    }
}

/// The usage that a process keeps.
pub(super) struct UsageCounts {
    faults: AtomicU64,
    /// The most pages of address spaces that it has left.
    pages_max: AtomicU64,
    /// Protects the usage of the threads that have ended; taken inside the list of threads.
    ended: SpinMutex<Usage>,
    /// Protects how the time of all threads was split last, so that neither part ever decreases.
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

    /// Notes the most pages of an address space that the process leaves.
    pub(super) fn note_pages(&self, pages_max: u64) {
        self.pages_max.fetch_max(pages_max, Ordering::Relaxed);
    }

    /// Counts a page fault.
    #[inline]
    pub(super) fn note_fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds the usage of a thread that ends. The list of threads is locked.
    pub(super) fn add_ended(&self, usage: Usage) {
        *self.ended.lock() += usage;
    }

    /// Returns the usage of the threads that have ended, with the page faults of all.
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

    /// Adds the usage of a child, with its own children.
    pub(super) fn add_child(&self, usage: Usage) {
        *self.children.lock() += usage;
    }
}
