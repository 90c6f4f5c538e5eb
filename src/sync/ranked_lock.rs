//! The common part of the spin locks: a ticket lock with a rank.

use core::hint;
use core::ops::{Deref, DerefMut};

use spin::RelaxStrategy;
use spin::mutex::{TicketMutex, TicketMutexGuard};

use super::Rank;
use crate::arch::cpu::percpu;
use crate::arch::smp::tlb;
use crate::arch::time::clock;

/// A spin lock that CPUs take in the order in which they requested it, with a rank.
pub(super) struct RankedLock<T> {
    rank: Rank,
    inner: TicketMutex<T, AnswerShootdowns>,
}

/// Serves shoot-down requests in each iteration of a wait, with interrupts off.
enum AnswerShootdowns {}

impl RelaxStrategy for AnswerShootdowns {
    #[inline]
    fn relax() {
        hint::spin_loop();
        // The lock's holder may wait for this CPU to answer a shoot-down.
        tlb::answer_shootdowns();
    }
}

impl<T> RankedLock<T> {
    /// Makes a free lock of `rank` around `value`.
    ///
    /// # Panics
    /// If that is the rank of a sleeping lock.
    pub(super) const fn new(rank: Rank, value: T) -> Self {
        assert!(!rank.is_sleeping(), "the rank is for sleeping locks");
        Self { rank, inner: TicketMutex::new(value) }
    }

    /// Returns the rank.
    pub(super) fn rank(&self) -> Rank {
        self.rank
    }

    /// Takes the lock; spins while another CPU holds it or has requested it earlier. The guard
    /// stores `state`, which prevents interrupts or preemption on this CPU.
    #[inline]
    pub(super) fn lock<S>(&self, state: S) -> SpinGuard<'_, T, S> {
        let mut rank_held = RankHeld::new(self.rank);
        let (value, has_waited) = self.take();
        rank_held.begin(has_waited);
        SpinGuard { value, lock: self, _rank_held: rank_held, _state: state }
    }

    /// Takes the lock if it is free.
    #[inline]
    pub(super) fn try_lock<S>(&self, state: S) -> Option<SpinGuard<'_, T, S>> {
        let value = self.inner.try_lock()?;
        let mut rank_held = RankHeld::new(self.rank);
        rank_held.begin(false);
        Some(SpinGuard { value, lock: self, _rank_held: rank_held, _state: state })
    }

    /// Runs `action` on the value if the lock is free, without checking the rank.
    pub(super) fn try_with(&self, action: impl FnOnce(&mut T)) {
        if let Some(mut value) = self.inner.try_lock() {
            action(&mut value);
        }
    }

    /// Takes the lock; also returns whether it was contended, in debug builds.
    #[inline]
    fn take(&self) -> (TicketMutexGuard<'_, T>, bool) {
        if cfg!(debug_assertions)
            && let Some(value) = self.inner.try_lock()
        {
            return (value, false);
        }
        (self.inner.lock(), true)
    }
}

/// Access to the value of a spin lock; dropping it releases the lock. `S` keeps interrupts or
/// preemption off.
///
/// The fields are dropped in their order: first the lock is released, and last the CPU's state is
/// restored.
pub struct SpinGuard<'a, T, S> {
    value: TicketMutexGuard<'a, T>,
    pub(super) lock: &'a RankedLock<T>,
    _rank_held: RankHeld,
    _state: S,
}

impl<T, S> SpinGuard<'_, T, S> {
    #[inline]
    pub(super) fn value(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T, S> Deref for SpinGuard<'_, T, S> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T, S> DerefMut for SpinGuard<'_, T, S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Records the rank on this CPU, and the time at which the lock was taken; in debug builds.
struct RankHeld {
    rank: Rank,
    since_tsc: u64,
}

impl RankHeld {
    #[inline]
    fn new(rank: Rank) -> Self {
        if cfg!(debug_assertions) {
            rank.enter();
        }
        Self { rank, since_tsc: 0 }
    }

    #[inline]
    fn begin(&mut self, has_waited: bool) {
        if cfg!(debug_assertions) {
            self.rank.statistics(percpu::current()).note_taken(has_waited);
            self.since_tsc = clock::read_tsc();
        }
    }
}

impl Drop for RankHeld {
    #[inline]
    fn drop(&mut self) {
        if cfg!(debug_assertions) {
            let cpu = percpu::current();
            let held_ticks = clock::read_tsc().wrapping_sub(self.since_tsc);
            self.rank.statistics(cpu).note_held(held_ticks);
            self.rank.leave();
        }
    }
}
