//! The scheduling attributes of a thread, except the policy, which the scheduler stores.

use core::sync::atomic::{AtomicBool, AtomicI8, Ordering};

use run_queue::{Nice, Policy};

/// The scheduling attributes of a thread.
pub struct Scheduling {
    /// The nice value, which is kept while the thread's policy has none.
    nice: AtomicI8,
    /// Whether its children start without its privileges: SCHED_RESET_ON_FORK.
    resets_on_fork: AtomicBool,
}

impl Scheduling {
    pub(super) const fn new() -> Self {
        Self { nice: AtomicI8::new(Nice::DEFAULT.get()), resets_on_fork: AtomicBool::new(false) }
    }

    /// Returns the nice value, which is kept during a real-time policy.
    pub fn nice(&self) -> Nice {
        Nice::try_new(self.nice.load(Ordering::Relaxed)).unwrap_or(Nice::DEFAULT)
    }

    /// Sets the nice value.
    pub fn set_nice(&self, nice: Nice) {
        self.nice.store(nice.get(), Ordering::Relaxed);
    }

    /// Returns whether children don't inherit a real-time policy or a nice value below 0.
    pub fn resets_on_fork(&self) -> bool {
        self.resets_on_fork.load(Ordering::Relaxed)
    }

    /// Sets whether children don't inherit a real-time policy or a nice value below 0.
    pub fn set_resets_on_fork(&self, resets: bool) {
        self.resets_on_fork.store(resets, Ordering::Relaxed);
    }

    /// Copies the attributes that a thread inherits from its creator, whose policy is `policy`.
    /// Returns the policy of the new thread.
    ///
    /// Source: Linux, kernel/sched/core.c, `sched_fork`.
    pub(super) fn inherit(&self, maker: &Self, policy: Policy) -> Policy {
        let nice = maker.nice();
        if !maker.resets_on_fork() {
            self.set_nice(nice);
            return policy;
        }
        let nice = match policy {
            Policy::RealTime(_) | Policy::Fifo(_) => Nice::DEFAULT,
            _ => nice.max(Nice::DEFAULT),
        };
        self.set_nice(nice);
        match policy {
            Policy::Batch(_) => Policy::Batch(nice),
            Policy::Idle => Policy::Idle,
            _ => Policy::Fair(nice),
        }
    }
}
