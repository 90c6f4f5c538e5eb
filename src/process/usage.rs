//! What a process has used of the machine, and what those of its children that it has waited for.
//!
//! The time of a thread isn't split: all of it is reported as spent in the program.

use core::ops::AddAssign;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::sync::{Rank, SpinMutex};

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The time of CPUs, in nanoseconds.
    pub run_ns: u64,
    /// How many page faults were served.
    pub faults: u64,
    /// How often a CPU was switched to one of the threads.
    pub switches: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.run_ns += other.run_ns;
        self.faults += other.faults;
        self.switches += other.switches;
    }
}

/// What a process keeps of its usage.
pub(super) struct UsageCounts {
    faults: AtomicU64,
    /// Protects the usage of the threads that have ended; taken inside the list of threads.
    ended: SpinMutex<Usage>,
    /// Protects the usage of the children that were waited for, and of theirs.
    children: SpinMutex<Usage>,
}

impl UsageCounts {
    pub(super) const fn new() -> Self {
        let none = Usage { run_ns: 0, faults: 0, switches: 0 };
        Self {
            faults: AtomicU64::new(0),
            ended: SpinMutex::new(Rank::ThreadSignals, none),
            children: SpinMutex::new(Rank::Process, none),
        }
    }

    /// Counts a page fault.
    #[inline]
    pub(super) fn note_fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// Keeps what a thread has used that ends. The list of threads is locked.
    pub(super) fn add_ended(&self, usage: Usage) {
        *self.ended.lock() += usage;
    }

    /// Returns what the threads have used that have ended, with the page faults of all.
    pub(super) fn of_ended(&self) -> Usage {
        Usage { faults: self.faults.load(Ordering::Relaxed), ..*self.ended.lock() }
    }

    /// Returns what the children have used that were waited for, and theirs.
    pub(super) fn of_children(&self) -> Usage {
        *self.children.lock()
    }

    /// Adds what a child has used, with its own children.
    pub(super) fn add_child(&self, usage: Usage) {
        *self.children.lock() += usage;
    }
}
