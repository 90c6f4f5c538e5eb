//! A mutex around a value: the only place that turns a lock into access.

use core::ops::{Deref, DerefMut};

use crate::atomic::{MutPtr, UnsafeCell, const_fn};
use crate::parking::endless;
use crate::raw_mutex::RawMutex;
use crate::{Parking, Wait, WaitError};

/// A lock that lets who finds it taken sleep.
///
/// It is four bytes beside the value; taking and giving back is one compare-and-exchange
/// each, as long as nobody waits. Interrupt handlers can't take it, as they can't sleep.
///
/// # Fairness
/// Who comes when the mutex is free takes it, even while a thread that was woken for it
/// is on its way: to wait for that one's switch would be dearer than the change of
/// order. But a thread that was woken in vain goes to the front of its priority, and as
/// long as such a thread is the first in line, each unlock hands the mutex over to it.
/// So a thread is woken in vain at most once, as long as none of higher priority comes.
/// With k threads before it, it has the mutex after at most 2 (k + 1) unlocks that find
/// threads in line, and those that come while a woken thread is on its way to the
/// processor.
///
/// # Priority
/// Who waits tells the lot the mutex's owner ([`Wait::owner`]), so that the owner can
/// inherit the priority.
pub struct Mutex<P, T> {
    raw: RawMutex<P>,
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time reaches the value, through the guard; so a shared mutex
// gives it from thread to thread, but never to two at once.
unsafe impl<P, T: Send> Sync for Mutex<P, T> {}

impl<P: Parking, T> Mutex<P, T> {
    const_fn! {
        /// Makes a mutex around `value`, which is free.
        pub fn new(value: T) -> Self {
            Self { raw: RawMutex::new(), value: UnsafeCell::new(value) }
        }
    }

    /// Takes the mutex; sleeps while another thread has it.
    ///
    /// # Panics
    /// If the running thread has it already: it would wait for itself.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, P, T> {
        endless(self.lock_with(Wait::ENDLESS))
    }

    /// Takes the mutex if it is free.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, P, T>> {
        self.raw.try_lock().then(|| MutexGuard::new(self))
    }

    /// Takes the mutex; sleeps while another thread has it, but not beyond
    /// `deadline_ns`, in nanoseconds on the kernel's clock.
    ///
    /// # Errors
    /// [`WaitError::TimedOut`] if the deadline passes before. A mutex that is free is
    /// taken whatever the deadline.
    ///
    /// # Panics
    /// If the running thread has it already.
    #[inline]
    pub fn lock_until(&self, deadline_ns: u64) -> Result<MutexGuard<'_, P, T>, WaitError> {
        self.lock_with(Wait::until(deadline_ns))
    }

    /// Takes the mutex; sleeps while another thread has it, until the running thread is
    /// cancelled, and not beyond `deadline_ns` if there is one.
    ///
    /// # Errors
    /// A [`WaitError`] if one of both comes before. A mutex that is free is taken all the
    /// same.
    ///
    /// # Panics
    /// If the running thread has it already.
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

/// Access to what a [`Mutex`] protects; dropping it gives the mutex back.
///
/// It belongs to the thread that took the mutex:
///
/// ```compile_fail,E0277
/// fn sends<P: blocking::Parking + 'static>() {
///     fn is_sent<T: Send>() {}
///     is_sent::<blocking::MutexGuard<'static, P, u32>>();
/// }
/// ```
// The fields are dropped in their order: access ends before the mutex is given back.
pub struct MutexGuard<'a, P: Parking, T> {
    value: MutPtr<T>,
    held: Held<'a, P, T>,
}

impl<'a, P: Parking, T> MutexGuard<'a, P, T> {
    /// Makes the guard of a mutex that the running thread has just taken.
    #[inline]
    fn new(mutex: &'a Mutex<P, T>) -> Self {
        Self { value: mutex.value.get_mut(), held: Held(mutex) }
    }

    /// Returns the mutex.
    #[inline]
    pub(crate) fn mutex(&self) -> &'a Mutex<P, T> {
        self.held.0
    }
}

impl<P: Parking, T> Deref for MutexGuard<'_, P, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this thread has the mutex as long as the guard lives, so no other
        // reaches the value, and it only through this guard.
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

/// A mutex that the running thread has.
struct Held<'a, P: Parking, T>(&'a Mutex<P, T>);

impl<P: Parking, T> Drop for Held<'_, P, T> {
    #[inline]
    fn drop(&mut self) {
        self.0.raw.unlock();
    }
}
