//! A reader-writer lock around a value: the only module that converts that lock into access.

use core::ops::{Deref, DerefMut};

use crate::atomic::{ConstPtr, MutPtr, UnsafeCell, const_fn};
use crate::parking::endless;
use crate::raw_rw_lock::RawRwLock;
use crate::{Parking, Wait, WaitError};

/// A lock that any number of readers hold at once, or one writer. Waiting threads sleep.
///
/// It takes eight bytes beside the value. Without waiting threads, reading costs two atomic
/// operations, writing four. Interrupt handlers can't take it, because they can't sleep.
///
/// # Fairness
/// A writer that waits keeps later readers out, so it waits only for the readers that hold
/// the lock when it comes to its turn. Writers, and the readers that they keep out, take
/// turns as at a [`Mutex`](crate::Mutex). So neither readers nor writers starve.
///
/// A thread that holds the lock for reading must not take it again: if a writer came
/// between, both would wait for ever.
///
/// # Priority
/// Threads that wait for a writer name it to the lot ([`Wait::owner`]), so that it can
/// inherit their priority. A writer that waits for readers names none: the lock doesn't know
/// them.
pub struct RwLock<P, T> {
    raw: RawRwLock<P>,
    value: UnsafeCell<T>,
}

// SAFETY: a writer has the value alone, so it moves between threads; readers share it.
unsafe impl<P, T: Send + Sync> Sync for RwLock<P, T> {}

impl<P: Parking, T> RwLock<P, T> {
    const_fn! {
        /// Makes a free lock around `value`.
        pub fn new(value: T) -> Self {
            Self { raw: RawRwLock::new(), value: UnsafeCell::new(value) }
        }
    }

    /// Takes the lock for reading; sleeps while a writer holds it or waits for it.
    ///
    /// # Panics
    /// If the running thread holds it for writing.
    #[inline]
    pub fn read(&self) -> RwLockReadGuard<'_, P, T> {
        endless(self.read_with(Wait::ENDLESS))
    }

    /// Takes the lock for reading if no writer holds it or waits for it.
    #[inline]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, P, T>> {
        self.raw.try_read().then(|| RwLockReadGuard::new(self))
    }

    /// Takes the lock for reading; sleeps while a writer holds it or waits for it, until the
    /// running thread is cancelled, and not after `deadline_ns` if there is one.
    ///
    /// # Errors
    /// A [`WaitError`] if the cancellation or the deadline comes first.
    ///
    /// # Panics
    /// If the running thread holds it for writing.
    #[inline]
    pub fn read_cancellable(
        &self,
        deadline_ns: Option<u64>,
    ) -> Result<RwLockReadGuard<'_, P, T>, WaitError> {
        self.read_with(Wait::cancellable(deadline_ns))
    }

    /// Takes the lock for writing; sleeps while other threads hold it.
    ///
    /// # Panics
    /// If the running thread holds it for writing already.
    #[inline]
    pub fn write(&self) -> RwLockWriteGuard<'_, P, T> {
        endless(self.write_with(Wait::ENDLESS))
    }

    /// Takes the lock for writing if it is free.
    #[inline]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, P, T>> {
        self.raw.try_write().then(|| RwLockWriteGuard::new(self))
    }

    /// Takes the lock for writing; sleeps while other threads hold it, until the running
    /// thread is cancelled, and not after `deadline_ns` if there is one.
    ///
    /// # Errors
    /// A [`WaitError`] if the cancellation or the deadline comes first.
    ///
    /// # Panics
    /// If the running thread holds it for writing already.
    #[inline]
    pub fn write_cancellable(
        &self,
        deadline_ns: Option<u64>,
    ) -> Result<RwLockWriteGuard<'_, P, T>, WaitError> {
        self.write_with(Wait::cancellable(deadline_ns))
    }

    #[inline]
    fn read_with(&self, wait: Wait) -> Result<RwLockReadGuard<'_, P, T>, WaitError> {
        self.raw.read(wait).map(|()| RwLockReadGuard::new(self))
    }

    #[inline]
    fn write_with(&self, wait: Wait) -> Result<RwLockWriteGuard<'_, P, T>, WaitError> {
        self.raw.write(wait).map(|()| RwLockWriteGuard::new(self))
    }
}

/// Access to the value of a [`RwLock`], shared with other readers; dropping it releases the
/// lock.
// The fields are dropped in their order: access ends before the lock is released.
pub struct RwLockReadGuard<'a, P: Parking, T> {
    value: ConstPtr<T>,
    _held: HeldByReader<'a, P>,
}

impl<'a, P: Parking, T> RwLockReadGuard<'a, P, T> {
    /// Makes the guard of a lock that the running thread has just taken for reading.
    #[inline]
    fn new(lock: &'a RwLock<P, T>) -> Self {
        Self { value: lock.value.get(), _held: HeldByReader(&lock.raw) }
    }
}

impl<P: Parking, T> Deref for RwLockReadGuard<'_, P, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: no writer holds the lock as long as the guard lives.
        self.value.with(|value| unsafe { &*value })
    }
}

/// Access to the value of a [`RwLock`]; dropping it releases the lock.
// The fields are dropped in their order: access ends before the lock is released.
pub struct RwLockWriteGuard<'a, P: Parking, T> {
    value: MutPtr<T>,
    _held: HeldByWriter<'a, P>,
}

impl<'a, P: Parking, T> RwLockWriteGuard<'a, P, T> {
    /// Makes the guard of a lock that the running thread has just taken for writing.
    #[inline]
    fn new(lock: &'a RwLock<P, T>) -> Self {
        Self { value: lock.value.get_mut(), _held: HeldByWriter(&lock.raw) }
    }
}

impl<P: Parking, T> Deref for RwLockWriteGuard<'_, P, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this thread alone holds the lock as long as the guard lives, and reaches
        // the value only through this guard.
        self.value.with(|value| unsafe { &*value })
    }
}

impl<P: Parking, T> DerefMut for RwLockWriteGuard<'_, P, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; the guard is borrowed exclusively.
        self.value.with(|value| unsafe { &mut *value })
    }
}

/// A lock that the running thread holds for reading.
struct HeldByReader<'a, P: Parking>(&'a RawRwLock<P>);

impl<P: Parking> Drop for HeldByReader<'_, P> {
    #[inline]
    fn drop(&mut self) {
        self.0.end_read();
    }
}

/// A lock that the running thread holds for writing.
struct HeldByWriter<'a, P: Parking>(&'a RawRwLock<P>);

impl<P: Parking> Drop for HeldByWriter<'_, P> {
    #[inline]
    fn drop(&mut self) {
        self.0.end_write();
    }
}
