//! The protected value.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use crate::atomics::UnsafeCell;
use crate::tickets::Tickets;

/// A value that one CPU at a time may use, in the order in which the CPUs came.
pub struct TicketMutex<T: ?Sized> {
    tickets: Tickets,
    value: UnsafeCell<T>,
}

// SAFETY: A shared mutex gives access to one thread after the other, never to two at once:
// a `&mut T`, or with `mem::replace` a `T`, moves from thread to thread. `Send` allows
// that.
unsafe impl<T: ?Sized + Send> Sync for TicketMutex<T> {}

impl<T> TicketMutex<T> {
    /// Makes a free lock around `value`.
    #[cfg(not(test))]
    pub const fn new(value: T) -> Self {
        Self { tickets: Tickets::new(), value: UnsafeCell::new(value) }
    }

    /// Makes a free lock around `value`, whose first ticket is `first`.
    #[cfg(test)]
    pub(crate) fn starting_at(first: u32, value: T) -> Self {
        Self { tickets: Tickets::starting_at(first), value: UnsafeCell::new(value) }
    }
}

impl<T: ?Sized> TicketMutex<T> {
    /// Waits until all CPUs that came before have released the lock, and takes it.
    ///
    /// `relax` is called in each iteration of the wait: the kernel pauses the CPU and
    /// answers other CPUs' TLB shoot-downs there. It isn't called if the lock is free. It
    /// must return, and must not take this lock: the ticket is drawn already, and all later
    /// tickets wait for it.
    ///
    /// A thread that holds the lock and takes it again waits for ever.
    #[inline]
    pub fn lock_with(&self, relax: impl FnMut()) -> TicketMutexGuard<'_, T> {
        self.tickets.wait_for_turn(relax);
        TicketMutexGuard { mutex: self, not_send: PhantomData }
    }

    /// Takes the lock if it is free and no CPU waits for it.
    #[inline]
    pub fn try_lock(&self) -> Option<TicketMutexGuard<'_, T>> {
        let taken = self.tickets.try_take_turn();
        taken.then(|| TicketMutexGuard { mutex: self, not_send: PhantomData })
    }

    /// Returns whether the lock is held. That may have changed when this returns.
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.tickets.drawn() != 0
    }

    /// Returns how many CPUs wait for the lock, for statistics: the number may have changed
    /// when this returns, and may include CPUs that have released the lock meanwhile.
    #[inline]
    pub fn waiters(&self) -> u32 {
        self.tickets.drawn().saturating_sub(1)
    }
}

/// Shows the value if the lock is free, and holds the lock meanwhile.
impl<T: ?Sized + fmt::Debug> fmt::Debug for TicketMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("TicketMutex");
        match self.try_lock() {
            Some(guard) => shown.field("value", &&*guard),
            None => shown.field("value", &format_args!("<locked>")),
        };
        shown.finish()
    }
}

/// A turn of a [`TicketMutex`]: gives access to the value, and ends the turn when it is
/// dropped.
///
/// It isn't `Send`, because in a kernel a lock belongs to the CPU that took it.
#[must_use = "the lock is released at once if the guard isn't kept"]
pub struct TicketMutexGuard<'a, T: ?Sized> {
    mutex: &'a TicketMutex<T>,
    not_send: PhantomData<*mut ()>,
}

// SAFETY: A shared guard gives only `&T`, which may be shared if `T` is `Sync`.
unsafe impl<T: ?Sized + Sync> Sync for TicketMutexGuard<'_, T> {}

impl<T: ?Sized> Deref for TicketMutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: A guard exists only in its turn, and there is one turn at a time. The
        // reference borrows the guard, so no `&mut T` is made while it lives.
        self.mutex.value.with(|value| unsafe { &*value })
    }
}

impl<T: ?Sized> DerefMut for TicketMutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: As in `deref`; it borrows the guard mutably, so it is the only reference.
        self.mutex.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T: ?Sized> Drop for TicketMutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.tickets.end_turn();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for TicketMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
