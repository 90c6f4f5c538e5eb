//! A mutex around a value: the only module that converts a lock into access.

use core::ops::{Deref, DerefMut};

use crate::atomic::{MutPtr, UnsafeCell, const_fn};
use crate::parking::endless;
use crate::raw_mutex::RawMutex;
use crate::{Parking, Wait, WaitError};

/// A lock with which waiting threads sleep.
///
/// It takes four bytes beside the value. Taking and releasing it are one
/// compare-and-exchange each while no thread waits. Interrupt handlers can't take it,
/// because they can't sleep.
///
/// # Fairness
/// A running thread takes a free mutex, even if another thread was woken for it and doesn't
/// run yet: waiting for that thread's switch would cost more than the change of order. A
/// thread that finds the mutex taken after a wake-up waits at the front of its priority.
/// While such a thread is the first in the queue, each unlock hands the mutex over to it.
/// So a thread finds the mutex taken after at most one wake-up, unless threads of higher
/// priority come. With k threads before it, a thread has the mutex after at most 2 (k + 1)
/// unlocks that find waiting threads, not counting unlocks between a wake-up and the time
/// when the woken thread runs.
///
/// # Priority
/// A waiting thread names the mutex's owner to the lot ([`Wait::owner`]), so that the owner
/// can inherit the priority.
pub struct Mutex<P, T> {
    raw: RawMutex<P>,
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time reaches the value, through the guard. So a shared mutex
// moves it between threads, but never gives it to two at once.
unsafe impl<P, T: Send> Sync for Mutex<P, T> {}

impl<P: Parking, T> Mutex<P, T> {
    const_fn! {
        /// Makes a free mutex around `value`.
        pub fn new(value: T) -> Self {
            Self { raw: RawMutex::new(), value: UnsafeCell::new(value) }
        }
    }

    /// Takes the mutex; sleeps while another thread owns it.
    ///
    /// # Panics
    /// If the running thread owns it already: it would wait for itself.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, P, T> {
        endless(self.lock_with(Wait::ENDLESS))
    }

    /// Takes the mutex if it is free.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, P, T>> {
        self.raw.try_lock().then(|| MutexGuard::new(self))
    }

    /// Takes the mutex; sleeps while another thread owns it, but not after `deadline_ns`,
    /// in nanoseconds on the kernel's clock.
    ///
    /// # Errors
    /// [`WaitError::TimedOut`] if the deadline passes first. A free mutex is taken even
    /// after the deadline.
    ///
    /// # Panics
    /// If the running thread owns it already.
    #[inline]
    pub fn lock_until(&self, deadline_ns: u64) -> Result<MutexGuard<'_, P, T>, WaitError> {
        self.lock_with(Wait::until(deadline_ns))
    }

    /// Takes the mutex; sleeps while another thread owns it, until the running thread is
    /// cancelled, and not after `deadline_ns` if there is one.
    ///
    /// # Errors
    /// A [`WaitError`] if the cancellation or the deadline comes first. A free mutex is
    /// taken in any case.
    ///
    /// # Panics
    /// If the running thread owns it already.
    #[inline]
    pub fn lock_cancellable(
        &self,
        deadline_ns: Option<u64>,
    ) -> Result<MutexGuard<'_, P, T>, WaitError> {
        self.lock_with(Wait::cancellable(deadline_ns))
    }

    #[inline]
    fn lock_with(&self, wait: Wait) -> Result<MutexGuard<'_, P, T>, WaitError> {
        self.raw.lock(wait).map(|()| MutexGuard::new(self))
    }
}

/// Access to the value of a [`Mutex`]; dropping it releases the mutex.
///
/// It belongs to the thread that took the mutex:
///
/// ```compile_fail,E0277
/// fn sends<P: blocking::Parking + 'static>() {
///     fn is_sent<T: Send>() {}
///     is_sent::<blocking::MutexGuard<'static, P, u32>>();
/// }
/// ```
// The fields are dropped in their order: access ends before the mutex is released.
pub struct MutexGuard<'a, P: Parking, T> {
    value: MutPtr<T>,
    _held: Held<'a, P, T>,
}

impl<'a, P: Parking, T> MutexGuard<'a, P, T> {
    /// Makes the guard of a mutex that the running thread has just taken.
    #[inline]
    fn new(mutex: &'a Mutex<P, T>) -> Self {
        Self { value: mutex.value.get_mut(), _held: Held(mutex) }
    }
}

impl<P: Parking, T> Deref for MutexGuard<'_, P, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this thread owns the mutex as long as the guard lives. No other thread
        // reaches the value, and this thread reaches it only through this guard.
        self.value.with(|value| unsafe { &*value })
    }
}

impl<P: Parking, T> DerefMut for MutexGuard<'_, P, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; the guard is borrowed exclusively.
        self.value.with(|value| unsafe { &mut *value })
    }
}

/// A mutex that the running thread owns.
struct Held<'a, P: Parking, T>(&'a Mutex<P, T>);

impl<P: Parking, T> Drop for Held<'_, P, T> {
    #[inline]
    fn drop(&mut self) {
        self.0.raw.unlock();
    }
}
