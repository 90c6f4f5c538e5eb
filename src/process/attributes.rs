//! The attributes of a process that prctl(2) sets.

use core::sync::atomic::{AtomicBool, AtomicI16, AtomicU8, AtomicU64, Ordering};

use signals::Signal;

/// The default slack of timers, in nanoseconds.
const TIMER_SLACK_NS: u64 = 50_000;

/// The attributes of a process that prctl(2) sets.
pub struct Attributes {
    is_dumpable: AtomicBool,
    has_no_new_privileges: AtomicBool,
    /// The number of the signal at the end of the parent; 0 for none.
    death_signal: AtomicU8,
    timer_slack_ns: AtomicU64,
    /// The increase of its chance to be killed when no memory is left.
    kill_bias: AtomicI16,
    /// The lowest value of `kill_bias` that the process may set without a capability.
    kill_bias_min: AtomicI16,
}

impl Attributes {
    pub(super) const fn new() -> Self {
        Self {
            is_dumpable: AtomicBool::new(true),
            has_no_new_privileges: AtomicBool::new(false),
            death_signal: AtomicU8::new(0),
            timer_slack_ns: AtomicU64::new(TIMER_SLACK_NS),
            kill_bias: AtomicI16::new(0),
            kill_bias_min: AtomicI16::new(0),
        }
    }

    /// Copies the attributes that a child inherits from its parent.
    pub(super) fn inherit(&self, parent: &Self) {
        self.set_dumpable(parent.is_dumpable());
        if parent.has_no_new_privileges() {
            self.set_no_new_privileges();
        }
        self.set_timer_slack_ns(parent.timer_slack_ns());
        self.kill_bias.store(parent.kill_bias(), Ordering::Relaxed);
        self.kill_bias_min.store(parent.kill_bias_min.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Returns whether other processes of the same user may read its memory.
    pub fn is_dumpable(&self) -> bool {
        self.is_dumpable.load(Ordering::Relaxed)
    }

    /// Sets whether other processes of the same user may read its memory.
    pub fn set_dumpable(&self, is_dumpable: bool) {
        self.is_dumpable.store(is_dumpable, Ordering::Relaxed);
    }

    /// Returns whether the set-user-ID bits of programs have no effect for it.
    pub fn has_no_new_privileges(&self) -> bool {
        self.has_no_new_privileges.load(Ordering::Relaxed)
    }

    /// Makes the set-user-ID bits of programs have no effect for the process and its future
    /// children.
    pub fn set_no_new_privileges(&self) {
        self.has_no_new_privileges.store(true, Ordering::Relaxed);
    }

    /// Returns the signal that is sent to the process when its parent ends.
    pub fn death_signal(&self) -> Option<Signal> {
        Signal::from_number(self.death_signal.load(Ordering::Relaxed).into())
    }

    /// Sets the signal that is sent to the process when its parent ends.
    pub fn set_death_signal(&self, signal: Option<Signal>) {
        self.death_signal.store(signal.map_or(0, Signal::number), Ordering::Relaxed);
    }

    /// Returns the bias with which the process is chosen when no memory is left, in thousandths of
    /// the memory: from -1000 (never killed) to 1000.
    pub fn kill_bias(&self) -> i16 {
        self.kill_bias.load(Ordering::Relaxed)
    }

    /// Sets that bias. Without privileges, it can't be set below the last value that was set with
    /// privileges. Returns whether it was set.
    ///
    /// Source: Linux, fs/proc/base.c, `__set_oom_adj`.
    pub fn set_kill_bias(&self, bias: i16, is_privileged: bool) -> bool {
        if is_privileged {
            self.kill_bias_min.store(bias, Ordering::Relaxed);
        } else if bias < self.kill_bias_min.load(Ordering::Relaxed) {
            return false;
        }
        self.kill_bias.store(bias, Ordering::Relaxed);
        true
    }

    /// Returns the time by which its waits may be extended, in nanoseconds. The kernel never
    /// extends them.
    pub fn timer_slack_ns(&self) -> u64 {
        self.timer_slack_ns.load(Ordering::Relaxed)
    }

    /// Sets the timer slack; 0 for the default.
    pub fn set_timer_slack_ns(&self, slack_ns: u64) {
        let slack_ns = if slack_ns == 0 { TIMER_SLACK_NS } else { slack_ns };
        self.timer_slack_ns.store(slack_ns, Ordering::Relaxed);
    }
}
