//! A count of input events of all devices, with which readers wait, and the request for attention:
//! Ctrl-Alt-Escape on the keyboard, or a BREAK on the serial line. This request isn't input for
//! programs.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::sync::WaitQueue;

static EVENTS: AtomicU32 = AtomicU32::new(0);
static WAITING: WaitQueue = WaitQueue::new();
static IS_ATTENTION_REQUESTED: AtomicBool = AtomicBool::new(false);

/// Records a request for attention; the caller calls [`note`] afterwards. For interrupt handlers.
pub(in crate::drivers) fn request_attention() {
    IS_ATTENTION_REQUESTED.store(true, Ordering::Relaxed);
}

/// Returns whether attention was requested since the last call.
pub fn take_attention() -> bool {
    IS_ATTENTION_REQUESTED.swap(false, Ordering::Relaxed)
}

/// Counts input and wakes readers. May be called by interrupt handlers.
pub fn note() {
    EVENTS.fetch_add(1, Ordering::Relaxed);
    WAITING.wake_all();
}

/// Returns a number that changes with each input.
pub fn events() -> u32 {
    EVENTS.load(Ordering::Relaxed)
}

/// Waits until [`events`] differs from `seen`, or until `deadline_ns` on the kernel's
/// clock.
pub fn wait(seen: u32, deadline_ns: Option<u64>) {
    let has_come = || events() != seen;
    match deadline_ns {
        None => WAITING.wait_until(has_come),
        // Both input and the deadline end the wait.
        Some(deadline_ns) => {
            let _ = WAITING.wait_until_deadline(deadline_ns, has_come);
        }
    }
}
