//! Statistics of locks, by CPU.

use core::sync::atomic::{AtomicU64, Ordering};

/// Statistics of the locks of a CPU. Only that CPU writes them.
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

    /// Counts that a lock was taken, and whether it was contended.
    pub fn note_taken(&self, has_waited: bool) {
        self.taken.store(self.taken() + 1, Ordering::Relaxed);
        self.waited.store(self.waited() + u64::from(has_waited), Ordering::Relaxed);
    }

    /// Records how long a lock was held, in ticks of the time stamp counter.
    pub fn note_held(&self, ticks: u64) {
        if ticks > self.longest_ticks() {
            self.longest_ticks.store(ticks, Ordering::Relaxed);
        }
    }

    /// Returns how often locks were taken.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Returns how often they were contended.
    pub fn waited(&self) -> u64 {
        self.waited.load(Ordering::Relaxed)
    }

    /// Returns the longest time for which a lock was held, in ticks of the time stamp counter.
    pub fn longest_ticks(&self) -> u64 {
        self.longest_ticks.load(Ordering::Relaxed)
    }
}
