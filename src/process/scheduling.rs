//! The scheduling attributes of a thread, except the policy, which the scheduler has.

use core::sync::atomic::{AtomicBool, AtomicI8, Ordering};

use run_queue::{Nice, Policy};

/// The scheduling attributes of a thread.
pub struct Scheduling {
    /// The nice value, also while its policy has none.
    nice: AtomicI8,
    /// Whether its children begin without its privileges: SCHED_RESET_ON_FORK.
    resets_on_fork: AtomicBool,
}

impl Scheduling {
    pub(super) const fn new() -> Self {
        Self { nice: AtomicI8::new(Nice::DEFAULT.get()), resets_on_fork: AtomicBool::new(false) }
    }

    /// Returns the nice value, which a real-time policy keeps for later.
    pub fn nice(&self) -> Nice {
        Nice::try_new(self.nice.load(Ordering::Relaxed)).unwrap_or(Nice::DEFAULT)
    }

    /// Sets the nice value.
    pub fn set_nice(&self, nice: Nice) {
        self.nice.store(nice.get(), Ordering::Relaxed);
    }

    /// Returns whether children have neither a real-time policy nor a nice value below 0 from it.
    pub fn resets_on_fork(&self) -> bool {
        self.resets_on_fork.load(Ordering::Relaxed)
    }

    /// Sets whether children have neither a real-time policy nor a nice value below 0 from it.
    pub fn set_resets_on_fork(&self, resets: bool) {
        self.resets_on_fork.store(resets, Ordering::Relaxed);
    }

    /// Copies the attributes that a thread inherits from its creator, whose policy is `policy`.
    /// Returns the policy of the new one.
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
