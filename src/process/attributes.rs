//! The attributes of a process that prctl(2) sets.

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use signals::Signal;

/// The slack of timers by default, in nanoseconds.
const TIMER_SLACK_NS: u64 = 50_000;

/// The attributes of a process that prctl(2) sets.
pub struct Attributes {
    is_dumpable: AtomicBool,
    has_no_new_privileges: AtomicBool,
    /// The number of the signal at the end of the parent; 0 for none.
    death_signal: AtomicU8,
    timer_slack_ns: AtomicU64,
}

impl Attributes {
    pub(super) const fn new() -> Self {
        Self {
            is_dumpable: AtomicBool::new(true),
            has_no_new_privileges: AtomicBool::new(false),
            death_signal: AtomicU8::new(0),
            timer_slack_ns: AtomicU64::new(TIMER_SLACK_NS),
        }
    }

    /// Copies the attributes that a child inherits from its parent.
    pub(super) fn inherit(&self, parent: &Self) {
        self.set_dumpable(parent.is_dumpable());
        if parent.has_no_new_privileges() {
            self.set_no_new_privileges();
        }
        self.set_timer_slack_ns(parent.timer_slack_ns());
    }

    /// Returns whether its memory may be looked at by other processes of its user.
    pub fn is_dumpable(&self) -> bool {
        self.is_dumpable.load(Ordering::Relaxed)
    }

    /// Sets whether its memory may be looked at.
    pub fn set_dumpable(&self, is_dumpable: bool) {
        self.is_dumpable.store(is_dumpable, Ordering::Relaxed);
    }

    /// Returns whether the set-user-ID bits of programs have no effect for it.
    pub fn has_no_new_privileges(&self) -> bool {
        self.has_no_new_privileges.load(Ordering::Relaxed)
    }

    /// Makes the set-user-ID bits of programs have no effect, for it and its children to come.
    pub fn set_no_new_privileges(&self) {
        self.has_no_new_privileges.store(true, Ordering::Relaxed);
    }

    /// Returns the signal that it gets when its parent ends.
    pub fn death_signal(&self) -> Option<Signal> {
        Signal::from_number(self.death_signal.load(Ordering::Relaxed).into())
    }

    /// Sets the signal that it gets when its parent ends.
    pub fn set_death_signal(&self, signal: Option<Signal>) {
        self.death_signal.store(signal.map_or(0, Signal::number), Ordering::Relaxed);
    }

    /// Returns by how much its waits may be longer, in nanoseconds. They are as short as they can
    /// be anyway.
    pub fn timer_slack_ns(&self) -> u64 {
        self.timer_slack_ns.load(Ordering::Relaxed)
    }

    /// Sets the timer slack; 0 for the default.
    pub fn set_timer_slack_ns(&self, slack_ns: u64) {
        let slack_ns = if slack_ns == 0 { TIMER_SLACK_NS } else { slack_ns };
        self.timer_slack_ns.store(slack_ns, Ordering::Relaxed);
    }
}
