//! State that a lock owns, apart from the value that the lock guards.
//!
//! A thread holds the data that the run queue of a CPU keeps about it, because the thread can move
//! to another CPU. It is in a [`LockCell`], which only the holder of the lock that owns it opens: a
//! [`Key`] proves that a lock is held, and the cell knows its owner. So access costs a comparison,
//! and neither an atomic operation nor `unsafe`.
//!
//! Invariants: 1. A [`Key`] exists only while the guard that made it is borrowed, and stays on its
//! CPU. 2. The owner of a cell changes only under the lock that owns it, and while no key of that
//! lock exists. So only one CPU at a time can open a cell, and it sees all changes made under the
//! former owners.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::irq_mutex::{IrqMutex, IrqMutexGuard};
use super::key::Key;

/// A value that the holder of a lock opens. The lock may change.
pub struct LockCell<T> {
    /// The lock that owns the value.
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

    /// Makes the lock `to` the owner of the value; only its holder can open it from now on.
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
    const HOLDER_OF_ANOTHER_LOCK_IS_REFUSED: ShouldPanic =
        ShouldPanic::new("sync::holder_of_another_lock_is_refused", "another lock owns", || {
            let cell = LockCell::new(&ONE, Cell::new(1));
            cell.open(OTHER.lock().parts().1).set(2);
        });
}
