//! The time of day, which can be set, and the clocks that don't depend on it.

use core::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use blocking::WaitError;

use super::clock_timer::{Basis, Reading, TimerClock};
use crate::arch::time::clock;
use crate::mm::user::vdso;
use crate::sync::WaitQueue;
use crate::task;

/// The time of day when the kernel's clock was 0, in nanoseconds since 1970.
static START_NS: AtomicI64 = AtomicI64::new(0);

/// The number of times the time of day was set.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// Woken when the time of day is set.
static CHANGED: WaitQueue = WaitQueue::new();

/// Sets the time of day, in nanoseconds since 1970. Threads that wait for a time of day then wait
/// by the new one. May wait.
pub fn set_ns(unix_ns: i64) {
    store(unix_ns);
    CHANGES.fetch_add(1, Ordering::Release);
    CHANGED.wake_all();
    task::expire_all_timers();
}

/// Sets the time of day at the start of the kernel to `unix_seconds` since 1970.
pub(super) fn start(unix_seconds: u64) {
    let unix_ns = unix_seconds.saturating_mul(1_000_000_000).min(i64::MAX as u64) as i64;
    store(unix_ns);
}

/// Stores the present time of day.
fn store(unix_ns: i64) {
    let start_ns = unix_ns.saturating_sub(clock::now_ns() as i64);
    START_NS.store(start_ns, Ordering::Relaxed);
    vdso::set_real_time_start(start_ns);
}

/// Returns the time of day, in nanoseconds since 1970.
#[inline]
pub fn now_ns() -> i64 {
    START_NS.load(Ordering::Relaxed).wrapping_add(clock::now_ns() as i64)
}

/// Sleeps until the time of day is `unix_ns`, even if it is set in the meantime.
///
/// # Errors
/// [`WaitError::Cancelled`].
pub fn sleep_until(unix_ns: u64) -> Result<(), WaitError> {
    loop {
        let changes = CHANGES.load(Ordering::Acquire);
        let now_ns = now_ns().max(0) as u64;
        if now_ns >= unix_ns {
            return Ok(());
        }
        let deadline_ns = clock::now_ns().saturating_add(unix_ns - now_ns);
        let has_changed = || CHANGES.load(Ordering::Acquire) != changes;
        match CHANGED.wait_until_cancellable(Some(deadline_ns), has_changed) {
            Ok(()) | Err(WaitError::TimedOut) => {}
            Err(WaitError::Cancelled) => return Err(WaitError::Cancelled),
        }
    }
}

/// A clock of the time of day, or of the time since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WallClock {
    /// The time of day.
    RealTime,
    /// The time since the start.
    Monotonic,
}

impl TimerClock for WallClock {
    fn read(&self, basis: Basis) -> Reading {
        let kernel_now_ns = clock::now_ns();
        let now_ns = match (self, basis) {
            (Self::RealTime, Basis::Set) => now_ns().max(0) as u64,
            (Self::RealTime, Basis::Steady) | (Self::Monotonic, _) => kernel_now_ns,
        };
        Reading { now_ns, kernel_now_ns, rate: 1, gap_ns: 0 }
    }
}
