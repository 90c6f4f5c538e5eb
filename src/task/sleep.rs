//! Waiting for a time.

use core::sync::atomic::AtomicU32;

use blocking::{Parking, QueueEnd, Wait, WaitError, WaitKind, Wake};

use crate::arch::time::clock;
use crate::sync::parking::KernelLot;

/// Puts the running thread to sleep for `time_ns` at least.
///
/// # Errors
/// [`WaitError::Cancelled`] if the thread is to end.
pub fn sleep_ns(time_ns: u64) -> Result<(), WaitError> {
    sleep_until(clock::now_ns().saturating_add(time_ns))
}

/// Puts the running thread to sleep until `deadline_ns` on the kernel's clock, or a little
/// longer.
///
/// # Errors
/// [`WaitError::Cancelled`] if the thread is to end.
pub fn sleep_until(deadline_ns: u64) -> Result<(), WaitError> {
    // No other thread has a reference to it.
    let word = AtomicU32::new(0);
    let wait = Wait {
        until_ns: Some(deadline_ns),
        kind: WaitKind::Interruptible,
        owner: None,
        queue_end: QueueEnd::Back,
    };
    match KernelLot::park(&word, 0, wait) {
        Wake::Cancelled => Err(WaitError::Cancelled),
        Wake::TimedOut | Wake::Unparked | Wake::Changed => Ok(()),
    }
}
