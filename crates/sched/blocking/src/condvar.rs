//! Waiting for a change of what a mutex protects.

use crate::atomic::const_fn;
use crate::event_count::EventCount;
use crate::parking::endless;
use crate::{MutexGuard, Parking, Wait, WaitError};

/// A condition variable: threads release a mutex, and sleep until another thread has
/// changed what it protects and notifies them.
///
/// A thread that changes something under the mutex notifies while it owns the mutex or
/// later. A notification between a waiter's unlock and its sleep isn't lost. Notifying
/// costs a load if no thread waits.
///
/// A wait may end without a notification for it, so the waiting thread checks the condition
/// again, as [`wait_while`](Self::wait_while) does. A wait that ends by its deadline or a
/// cancellation consumes no notification: if one came first, the wait counts as notified.
///
/// [`notify_all`](Self::notify_all) wakes all threads, which then wait for the mutex.
/// Moving them to the mutex's queue without a wake-up (requeueing, as Linux's futexes can)
/// would save switches when many threads wait. But they would wait there with the owner and
/// the kind of another wait, and the lot would need the locks of two words at once.
pub struct Condvar<P> {
    wakes: EventCount<P>,
}

impl<P: Parking> Condvar<P> {
    const_fn! {
        /// Makes a condition variable without waiting threads.
        pub fn new() -> Self {
            Self { wakes: EventCount::new() }
        }
    }

    /// Releases the mutex, sleeps until a notification, and takes the mutex again.
    #[inline]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, P, T>) -> MutexGuard<'a, P, T> {
        let (guard, result) = self.wait_with(guard, Wait::ENDLESS);
        endless(result);
        guard
    }

    /// Releases the mutex, sleeps until a notification, but not after `deadline_ns`, in
    /// nanoseconds on the kernel's clock, and takes the mutex again. The deadline doesn't
    /// limit the wait for the mutex.
    ///
    /// Returns [`WaitError::TimedOut`] beside the guard if there was no notification.
    #[inline]
    pub fn wait_until<'a, T>(
        &self,
        guard: MutexGuard<'a, P, T>,
        deadline_ns: u64,
    ) -> (MutexGuard<'a, P, T>, Result<(), WaitError>) {
        self.wait_with(guard, Wait::until(deadline_ns))
    }

    /// Releases the mutex, sleeps until a notification or until the running thread is
    /// cancelled, and not after `deadline_ns` if there is one, and takes the mutex again.
    /// Neither limits the wait for the mutex.
    ///
    /// Returns a [`WaitError`] beside the guard if there was no notification.
    #[inline]
    pub fn wait_cancellable<'a, T>(
        &self,
        guard: MutexGuard<'a, P, T>,
        deadline_ns: Option<u64>,
    ) -> (MutexGuard<'a, P, T>, Result<(), WaitError>) {
        self.wait_with(guard, Wait::cancellable(deadline_ns))
    }

    /// [Waits](Self::wait) as long as `condition` is true.
    #[inline]
    pub fn wait_while<'a, T>(
        &self,
        guard: MutexGuard<'a, P, T>,
        condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, P, T> {
        let (guard, result) = self.wait_while_with(guard, Wait::ENDLESS, condition);
        endless(result);
        guard
    }

    /// [Waits](Self::wait_until) as long as `condition` is true, but not after
    /// `deadline_ns`.
    ///
    /// Returns [`WaitError::TimedOut`] beside the guard if it is still true.
    #[inline]
    pub fn wait_while_until<'a, T>(
        &self,
        guard: MutexGuard<'a, P, T>,
        deadline_ns: u64,
        condition: impl FnMut(&mut T) -> bool,
    ) -> (MutexGuard<'a, P, T>, Result<(), WaitError>) {
        self.wait_while_with(guard, Wait::until(deadline_ns), condition)
    }

    /// [Waits](Self::wait_cancellable) as long as `condition` is true, until the running
    /// thread is cancelled, and not after `deadline_ns` if there is one.
    ///
    /// Returns a [`WaitError`] beside the guard if it is still true.
    #[inline]
    pub fn wait_while_cancellable<'a, T>(
        &self,
        guard: MutexGuard<'a, P, T>,
        deadline_ns: Option<u64>,
        condition: impl FnMut(&mut T) -> bool,
    ) -> (MutexGuard<'a, P, T>, Result<(), WaitError>) {
        self.wait_while_with(guard, Wait::cancellable(deadline_ns), condition)
    }

    /// Wakes the first waiter. For changes after which one waiter can continue.
    #[inline]
    pub fn notify_one(&self) {
        self.wakes.wake(1);
    }

    /// Wakes all waiters.
    #[inline]
    pub fn notify_all(&self) {
        self.wakes.wake(u32::MAX);
    }

    pub(crate) fn wait_while_with<'a, T>(
        &self,
        mut guard: MutexGuard<'a, P, T>,
        wait: Wait,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> (MutexGuard<'a, P, T>, Result<(), WaitError>) {
        let mut result = Ok(());
        while condition(&mut guard) {
            if result.is_err() {
                return (guard, result);
            }
            (guard, result) = self.wait_with(guard, wait);
        }
        (guard, Ok(()))
    }

    fn wait_with<'a, T>(
        &self,
        guard: MutexGuard<'a, P, T>,
        wait: Wait,
    ) -> (MutexGuard<'a, P, T>, Result<(), WaitError>) {
        let mutex = guard.mutex();
        // Under the mutex, so that the thread that takes it next sees the mark.
        let prepared = self.wakes.prepare();
        drop(guard);
        let result = self.wakes.park(prepared, wait);
        (mutex.lock(), result)
    }
}

impl<P: Parking> Default for Condvar<P> {
    fn default() -> Self {
        Self::new()
    }
}
