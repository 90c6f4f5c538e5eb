//! Decides whether a starting CPU or its time-out came first.
//!
//! A CPU may answer at the moment when the CPU that starts it gives up. One atomic exchange decides
//! which came first. So a CPU either runs with its assigned number, or never uses the number, which
//! is then free for the next CPU. Each attempt has a number, so a late CPU can't be mistaken for
//! the next one.

use core::sync::atomic::{AtomicU32, Ordering};

/// An attempt to start a CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt(u32);

/// The state in which no attempt is open.
const CLOSED: u32 = 0;

/// The current attempt, if one is open.
pub(super) struct Admission {
    open: AtomicU32,
    attempts: AtomicU32,
}

impl Admission {
    pub(super) const fn new() -> Self {
        Self { open: AtomicU32::new(CLOSED), attempts: AtomicU32::new(CLOSED) }
    }

    /// Opens a new attempt, which replaces an earlier one.
    pub(super) fn open(&self) -> Attempt {
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        self.open.store(attempt, Ordering::Release);
        Attempt(attempt)
    }

    /// Ends an attempt; called by the CPU that has started, and by the one that gives up.
    /// Returns whether the caller was first.
    pub(super) fn close(&self, attempt: Attempt) -> bool {
        let (acquire, relaxed) = (Ordering::AcqRel, Ordering::Relaxed);
        self.open.compare_exchange(attempt.0, CLOSED, acquire, relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn cpu_that_answers_in_time_is_not_given_up() {
        let admission = Admission::new();
        let attempt = admission.open();
        // First called by the started CPU, then by the waiting one.
        assert!(admission.close(attempt));
        assert!(!admission.close(attempt));
    }

    #[test_case]
    fn cpu_that_answers_late_takes_neither_its_own_place_nor_the_next() {
        let admission = Admission::new();
        let late = admission.open();
        // Called by the CPU that gives up.
        assert!(admission.close(late));
        assert!(!admission.close(late));
        let next = admission.open();
        assert!(!admission.close(late));
        assert!(admission.close(next));
    }
}
