//! State that a lock owns, apart from the value that the lock guards.
//!
//! For example, a thread stores the data that a run queue has about it, because the thread can move
//! to the run queue of another CPU. The data are in a [`LockCell`], which stores the lock that owns
//! it. Only the holder of that lock can open the cell: a [`Key`] proves that the lock is held. So
//! access costs a comparison, and needs neither an atomic operation nor `unsafe`.
//!
//! Invariants: 1. A [`Key`] exists only while the guard that made it is borrowed, and stays on its
//! CPU. 2. The owner of a cell changes only under the lock that owns it, and while no key of that
//! lock exists; a cell without an owner is owned by the first lock that claims it. So only one CPU
//! at a time can open a cell, and it sees all changes made under the previous owners.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::irq_mutex::{IrqMutex, IrqMutexGuard};
use super::key::Key;

/// A value that only the holder of the owning lock can open. The owner may change, and there may be
/// none for a time: then the value can't be opened.
pub struct LockCell<T> {
    /// The lock that owns the value; null if none does.
    owner: AtomicPtr<()>,
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time has access (invariants 1 and 2), so a shared cell passes the
// value from one to the next, as `Send` allows.
unsafe impl<T: Send> Sync for LockCell<T> {}

impl<T> LockCell<T> {
    /// Makes a cell that `owner` owns.
    pub const fn new<L>(owner: &'static IrqMutex<L>, value: T) -> Self {
        let owner = AtomicPtr::new(owner.address().cast_mut());
        Self { owner, value: UnsafeCell::new(value) }
    }

    /// Makes a cell that no lock owns.
    pub const fn unowned(value: T) -> Self {
        Self { owner: AtomicPtr::new(core::ptr::null_mut()), value: UnsafeCell::new(value) }
    }

    /// Makes the lock of `guard` the owner of the value, which no lock owns.
    ///
    /// # Panics
    /// If a lock owns it.
    #[inline]
    pub fn claim<G, S>(&self, guard: &mut IrqMutexGuard<'_, G, S>) {
        let lock = guard.parts().1.address().cast_mut();
        let none = core::ptr::null_mut();
        let claimed = self.owner.compare_exchange(none, lock, Ordering::Acquire, Ordering::Relaxed);
        assert!(claimed.is_ok(), "a lock owns the value");
    }

    /// Ends the ownership by the lock of `guard`: no lock owns the value from now on.
    ///
    /// # Panics
    /// If the lock of `guard` doesn't own it.
    #[inline]
    pub fn disown<G, S>(&self, guard: &mut IrqMutexGuard<'_, G, S>) {
        assert!(self.is_owned_by(guard.parts().1), "another lock owns the value");
        self.owner.store(core::ptr::null_mut(), Ordering::Release);
    }

    /// Returns whether the lock of `key` owns the value.
    #[inline]
    pub fn is_owned_by(&self, key: Key<'_>) -> bool {
        key.is_for(self.owner.load(Ordering::Acquire))
    }

    /// Returns the value.
    ///
    /// # Panics
    /// If another lock owns it.
    #[inline]
    pub fn open<'a>(&'a self, key: Key<'a>) -> &'a T {
        assert!(self.is_owned_by(key), "another lock owns the value");
        // SAFETY: the lock is held, on this CPU, as long as the key lives (invariant 1), and
        // owns the value for as long (invariant 2).
        unsafe { &*self.value.get() }
    }

    /// Makes the lock `to` the owner of the value: from now on, only its holder can open it.
    ///
    /// # Panics
    /// If the lock of `guard` doesn't own it.
    #[inline]
    pub fn hand_over<G, S, L>(
        &self,
        guard: &mut IrqMutexGuard<'_, G, S>,
        to: &'static IrqMutex<L>,
    ) {
        assert!(self.is_owned_by(guard.parts().1), "another lock owns the value");
        self.owner.store(to.address().cast_mut(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::sync::Rank;
    use crate::testing::ShouldPanic;

    static ONE: IrqMutex<()> = IrqMutex::new(Rank::RunQueue, ());
    static OTHER: IrqMutex<()> = IrqMutex::new(Rank::RunQueue, ());

    #[test_case]
    fn value_goes_from_lock_to_lock() {
        let cell = LockCell::new(&ONE, Cell::new(1));
        {
            let mut one = ONE.lock();
            cell.open(one.parts().1).set(2);
            cell.hand_over(&mut one, &OTHER);
            assert!(!cell.is_owned_by(one.parts().1));
        }
        let mut other = OTHER.lock();
        assert_eq!(cell.open(other.parts().1).get(), 2);
    }

    #[test_case]
    fn value_without_an_owner_goes_to_the_lock_that_claims_it() {
        let cell = LockCell::unowned(Cell::new(1));
        {
            let mut one = ONE.lock();
            assert!(!cell.is_owned_by(one.parts().1));
            cell.claim(&mut one);
            cell.open(one.parts().1).set(2);
            cell.disown(&mut one);
            assert!(!cell.is_owned_by(one.parts().1));
        }
        let mut other = OTHER.lock();
        cell.claim(&mut other);
        assert_eq!(cell.open(other.parts().1).get(), 2);
    }

    #[test_case]
    const OWNED_VALUE_IS_NOT_CLAIMED: ShouldPanic =
        ShouldPanic::new("sync::owned_value_is_not_claimed", "a lock owns the value", || {
            let cell = LockCell::new(&ONE, Cell::new(1));
            cell.claim(&mut OTHER.lock());
        });

    #[test_case]
    const HOLDER_OF_ANOTHER_LOCK_IS_REFUSED: ShouldPanic =
        ShouldPanic::new("sync::holder_of_another_lock_is_refused", "another lock owns", || {
            let cell = LockCell::new(&ONE, Cell::new(1));
            cell.open(OTHER.lock().parts().1).set(2);
        });
}
