//! What a processor has counted of locks.

use core::sync::atomic::{AtomicU64, Ordering};

/// What a processor has counted of locks. Only it writes.
pub struct LockStatistics {
    taken: AtomicU64,
    waited: AtomicU64,
    longest_ticks: AtomicU64,
}

impl LockStatistics {
    pub(super) const fn new() -> Self {
        Self {
            taken: AtomicU64::new(0),
            waited: AtomicU64::new(0),
            longest_ticks: AtomicU64::new(0),
        }
    }

    /// Notes that a lock was taken, and whether it wasn't free.
    pub fn note_taken(&self, has_waited: bool) {
        self.taken.store(self.taken() + 1, Ordering::Relaxed);
        self.waited.store(self.waited() + u64::from(has_waited), Ordering::Relaxed);
    }

    /// Notes for how long a lock was held, in ticks of the time stamp counter.
    pub fn note_held(&self, ticks: u64) {
        if ticks > self.longest_ticks() {
            self.longest_ticks.store(ticks, Ordering::Relaxed);
        }
    }

    /// Returns how often locks were taken.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Returns how often they weren't free.
    pub fn waited(&self) -> u64 {
        self.waited.load(Ordering::Relaxed)
    }

    /// Returns for how long one was held at most, in ticks of the time stamp counter.
    pub fn longest_ticks(&self) -> u64 {
        self.longest_ticks.load(Ordering::Relaxed)
    }
}
