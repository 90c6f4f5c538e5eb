//! A spin lock that is held with preemption off, and interrupts as they are.

use core::ops::{Deref, DerefMut};

use ticket_lock::{TicketMutex, TicketMutexGuard};

use super::Rank;
use super::irq_mutex::{RankHeld, relax};
use crate::arch::irq;
use crate::arch::irq::preemption_off::PreemptionOff;

/// A spin lock for data that interrupt handlers don't use: per-CPU data that other CPUs rarely
/// access, or data whose lock is held for longer than interrupts may be off.
///
/// While it is held, the thread keeps its CPU, so a wait for it ends soon: its holder runs
/// on another CPU. Debug builds check the [`Rank`].
pub struct SpinMutex<T> {
    rank: Rank,
    inner: TicketMutex<T>,
}

impl<T> SpinMutex<T> {
    /// Makes a lock of `rank` around `value`.
    pub const fn new(rank: Rank, value: T) -> Self {
        Self { rank, inner: TicketMutex::new(value) }
    }

    /// Takes the lock; spins while another CPU holds it, or has waited for longer. Interrupt
    /// handlers don't call it.
    ///
    /// # Panics
    /// In debug builds, if a lock of the same or a higher rank is held here, or in an
    /// interrupt handler.
    #[inline]
    pub fn lock(&self) -> SpinMutexGuard<'_, T> {
        debug_assert!(!irq::is_in_interrupt(), "an interrupt handler takes {:?}", self.rank);
        let preemption_off = PreemptionOff::new();
        let mut rank_held = RankHeld::new(self.rank);
        let mut has_waited = false;
        let value = self.inner.lock_with(|| {
            has_waited = true;
            relax();
        });
        rank_held.begin(has_waited);
        SpinMutexGuard { value, _rank_held: rank_held, _preemption_off: preemption_off }
    }

    /// Takes the lock if it is free. Interrupt handlers don't call it.
    ///
    /// # Panics
    /// As [`lock`](Self::lock).
    pub fn try_lock(&self) -> Option<SpinMutexGuard<'_, T>> {
        debug_assert!(!irq::is_in_interrupt(), "an interrupt handler takes {:?}", self.rank);
        let preemption_off = PreemptionOff::new();
        let value = self.inner.try_lock()?;
        let mut rank_held = RankHeld::new(self.rank);
        rank_held.begin(false);
        Some(SpinMutexGuard { value, _rank_held: rank_held, _preemption_off: preemption_off })
    }
}

/// Access to what a [`SpinMutex`] protects; dropping it releases the lock.
///
/// The fields are dropped in their order: first the lock is released, last preemption is allowed.
pub struct SpinMutexGuard<'a, T> {
    value: TicketMutexGuard<'a, T>,
    _rank_held: RankHeld,
    _preemption_off: PreemptionOff,
}

impl<T> Deref for SpinMutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for SpinMutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::irq::interrupt_flag;
    use crate::arch::irq::preemption;

    static LOCK: SpinMutex<u32> = SpinMutex::new(Rank::FrameCache, 0);

    #[test_case]
    fn preemption_is_off_while_it_is_held_and_interrupts_are_not() {
        assert!(!preemption::is_off());
        let guard = LOCK.lock();
        assert!(preemption::is_off());
        assert!(interrupt_flag::are_enabled());
        assert!(LOCK.try_lock().is_none());
        drop(guard);
        assert!(!preemption::is_off());
        *LOCK.try_lock().expect("it is free") += 1;
        assert!(!preemption::is_off());
        assert_eq!(*LOCK.lock(), 1);
    }
}
