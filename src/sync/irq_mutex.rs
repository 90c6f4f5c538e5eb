//! A spin lock that is held with interrupts off.

use super::Rank;
use super::key::Key;
use super::ranked_lock::{RankedLock, SpinGuard};
use crate::arch::irq::interrupt_flag::InterruptsOff;

/// A spin lock for data that interrupt handlers share.
///
/// Taking it turns interrupts off on this CPU, releasing it restores them. Debug builds check the
/// [`Rank`].
pub struct IrqMutex<T> {
    inner: RankedLock<T>,
}

/// Access to the value of an [`IrqMutex`]; dropping it releases the lock. `S` keeps interrupts off:
/// either its own state, or a reference to one that lives longer.
pub type IrqMutexGuard<'a, T, S = InterruptsOff> = SpinGuard<'a, T, S>;

impl<T> IrqMutex<T> {
    /// Makes a lock of `rank` around `value`.
    pub const fn new(rank: Rank, value: T) -> Self {
        Self { inner: RankedLock::new(rank, value) }
    }

    /// Takes the lock; spins while another CPU holds it or has requested it earlier.
    ///
    /// # Panics
    /// In debug builds, if a lock of the same or a higher rank is held here.
    #[inline]
    pub fn lock(&self) -> IrqMutexGuard<'_, T> {
        self.inner.lock(InterruptsOff::new())
    }

    /// Takes the lock as [`lock`](Self::lock) does, but in code that has turned interrupts off
    /// already.
    #[inline]
    pub fn lock_within<'i>(
        &self,
        interrupts_off: &'i InterruptsOff,
    ) -> IrqMutexGuard<'_, T, &'i InterruptsOff> {
        self.inner.lock(interrupts_off)
    }

    /// Runs `action` on the value if the lock is free, without checking the rank. For the report of
    /// a panic, after which a held lock is never released, and for interrupt handlers that wait for
    /// nothing.
    pub fn try_with(&self, action: impl FnOnce(&mut T)) {
        let _interrupts_off = InterruptsOff::new();
        self.inner.try_with(action);
    }

    /// Returns the address by which [keys](Key) name the lock.
    pub(super) const fn address(&self) -> *const () {
        core::ptr::from_ref(&self.inner).cast()
    }
}

impl<T, S> IrqMutexGuard<'_, T, S> {
    /// Returns the value, and the key to the [cells](super::LockCell) that the lock owns.
    #[inline]
    pub fn parts(&mut self) -> (&mut T, Key<'_>) {
        let key = Key::new(self.lock);
        (self.value(), key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::irq::interrupt_flag;
    use crate::testing::ShouldPanic;

    static OUTER: IrqMutex<u32> = IrqMutex::new(Rank::Device, 0);
    static INNER: IrqMutex<u32> = IrqMutex::new(Rank::Console, 0);

    #[test_case]
    fn interrupts_are_off_while_any_lock_is_held() {
        assert!(interrupt_flag::are_enabled());
        let outer = OUTER.lock();
        let inner = INNER.lock();
        assert!(!interrupt_flag::are_enabled());
        // The locks are released in another order than they were taken.
        drop(outer);
        assert!(!interrupt_flag::are_enabled());
        drop(inner);
        assert!(interrupt_flag::are_enabled());
        assert_eq!(crate::sync::held_ranks(), 0);
    }

    #[test_case]
    const RISING_ORDER_IS_ENFORCED: ShouldPanic =
        ShouldPanic::new("sync::lower_rank_inside_higher", "rank Device", || {
            let _inner = INNER.lock();
            let _outer = OUTER.lock();
        });
}
