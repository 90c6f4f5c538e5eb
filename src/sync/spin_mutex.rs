//! A spin lock that is held with preemption off. It doesn't affect interrupts.

use super::Rank;
use super::ranked_lock::{RankedLock, SpinGuard};
use crate::arch::irq;
use crate::arch::irq::preemption_off::PreemptionOff;

/// A spin lock for data that interrupt handlers don't use: per-CPU data that other CPUs rarely
/// access, or data whose lock is held for longer than interrupts may be off.
///
/// The thread stays on its CPU while it holds the lock, so a wait for the lock is short: the holder
/// runs on another CPU. Debug builds check the [`Rank`].
pub struct SpinMutex<T> {
    inner: RankedLock<T>,
}

/// Access to the value of a [`SpinMutex`]; dropping it releases the lock.
pub type SpinMutexGuard<'a, T> = SpinGuard<'a, T, PreemptionOff>;

impl<T> SpinMutex<T> {
    /// Makes a lock of `rank` around `value`.
    pub const fn new(rank: Rank, value: T) -> Self {
        Self { inner: RankedLock::new(rank, value) }
    }

    /// Takes the lock; spins while another CPU holds it or has requested it earlier. Interrupt
    /// handlers don't call it.
    ///
    /// # Panics
    /// In debug builds, if a lock of the same or a higher rank is held here, or in an
    /// interrupt handler.
    #[inline]
    pub fn lock(&self) -> SpinMutexGuard<'_, T> {
        self.check_context();
        self.inner.lock(PreemptionOff::new())
    }

    /// Takes the lock if it is free. Interrupt handlers don't call it.
    ///
    /// # Panics
    /// As [`lock`](Self::lock).
    pub fn try_lock(&self) -> Option<SpinMutexGuard<'_, T>> {
        self.check_context();
        self.inner.try_lock(PreemptionOff::new())
    }

    #[inline]
    fn check_context(&self) {
        debug_assert!(
            !irq::is_in_interrupt(),
            "an interrupt handler takes {:?}",
            self.inner.rank()
        );
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
