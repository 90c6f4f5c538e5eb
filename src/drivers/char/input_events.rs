//! An event count for the input of all devices, by which readers wait.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::sync::WaitQueue;

static EVENTS: AtomicU32 = AtomicU32::new(0);
static WAITING: WaitQueue = WaitQueue::new();

/// Counts input of a device and wakes readers. For interrupt handlers.
pub(in crate::drivers) fn note() {
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
        // Input and the deadline both end the wait.
        Some(deadline_ns) => {
            let _ = WAITING.wait_until_deadline(deadline_ns, has_come);
        }
    }
}
