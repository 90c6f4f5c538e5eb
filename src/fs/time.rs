//! The time of day, for the times of files.

use core::sync::atomic::{AtomicI64, Ordering};

use crate::arch::time::clock;
use crate::mm::user::vdso;

/// The time of day when the kernel's clock was 0, in nanoseconds since 1970.
static START_NS: AtomicI64 = AtomicI64::new(0);

/// Sets the time of day to `unix_seconds` since 1970, as of now.
pub(super) fn set(unix_seconds: u64) {
    let now_ns = unix_seconds.saturating_mul(1_000_000_000).min(i64::MAX as u64) as i64;
    let start_ns = now_ns.saturating_sub(clock::now_ns() as i64);
    START_NS.store(start_ns, Ordering::Relaxed);
    vdso::set_real_time_start(start_ns);
}

/// Returns the time of day, in nanoseconds since 1970.
#[inline]
pub fn now_ns() -> i64 {
    START_NS.load(Ordering::Relaxed).wrapping_add(clock::now_ns() as i64)
}
