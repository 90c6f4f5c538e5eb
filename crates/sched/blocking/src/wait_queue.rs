//! Waiting for a condition that no mutex protects.

use crate::atomic::Ordering::SeqCst;
use crate::atomic::{const_fn, fence};
use crate::event_count::EventCount;
use crate::parking::endless;
use crate::{Parking, Wait, WaitError};

/// A wait that [`WaitQueue::prepare`] has begun.
#[derive(Debug)]
#[must_use = "it is passed to `wait_prepared`"]
pub struct Prepared(u32);

/// Threads that wait for a condition, as in Linux's `wait_event`: one that an interrupt
/// handler changes, or another CPU without a mutex.
///
/// The code that changes what a condition reads has to wake the queue afterwards. No
/// wake-up is lost: either the waiter sees the change, or the wake-up sees the waiter. A
/// fence on each side ensures that, so the change may be a relaxed store. Other writes
/// before the change are visible to the waiter only if the condition loads with `Acquire`
/// what was stored with `Release`.
///
/// A condition is called with no lock held, by the thread that waits, any number of times.
/// It is true when the wait ends, but may change at any time after that.
pub struct WaitQueue<P> {
    wakes: EventCount<P>,
}

impl<P: Parking> WaitQueue<P> {
    const_fn! {
        /// Makes an empty queue.
        pub fn new() -> Self {
            Self { wakes: EventCount::new() }
        }
    }

    /// Sleeps until `condition` is true.
    #[inline]
    pub fn wait_until(&self, condition: impl FnMut() -> bool) {
        endless(self.wait_with(Wait::ENDLESS, condition));
    }

    /// Sleeps until `condition` is true, but not after `deadline_ns`, in nanoseconds on the
    /// kernel's clock.
    ///
    /// # Errors
    /// [`WaitError::TimedOut`] if the condition isn't true then.
    #[inline]
    pub fn wait_until_deadline(
        &self,
        deadline_ns: u64,
        condition: impl FnMut() -> bool,
    ) -> Result<(), WaitError> {
        self.wait_with(Wait::until(deadline_ns), condition)
    }

    /// Sleeps until `condition` is true or the running thread is cancelled, and not after
    /// `deadline_ns` if there is one.
    ///
    /// # Errors
    /// A [`WaitError`] if the cancellation or the deadline comes and the condition isn't
    /// true then.
    #[inline]
    pub fn wait_until_cancellable(
        &self,
        deadline_ns: Option<u64>,
        condition: impl FnMut() -> bool,
    ) -> Result<(), WaitError> {
        self.wait_with(Wait::cancellable(deadline_ns), condition)
    }

    /// Wakes the first waiter. For changes that make the condition true for only one
    /// waiter.
    ///
    /// Never waits, so interrupt handlers may call it. Costs a fence and a load if no
    /// thread waits.
    #[inline]
    pub fn wake_one(&self) {
        self.wake(1);
    }

    /// Wakes all waiters.
    ///
    /// Never waits, so interrupt handlers may call it. Costs a fence and a load if no
    /// thread waits.
    #[inline]
    pub fn wake_all(&self) {
        self.wake(u32::MAX);
    }

    /// Begins a wait for a change of data that a lock protects. The caller holds the lock, and has
    /// found that it has to wait. It then releases the lock and calls
    /// [`wait_prepared`](Self::wait_prepared).
    #[inline]
    pub fn prepare(&self) -> Prepared {
        Prepared(self.wakes.prepare())
    }

    /// Sleeps until a wake-up since [`prepare`](Self::prepare), or until the running thread is
    /// cancelled. The wait may also end without reason: the caller takes the lock and looks again.
    ///
    /// # Errors
    /// [`WaitError::Cancelled`].
    #[inline]
    pub fn wait_prepared(&self, prepared: Prepared) -> Result<(), WaitError> {
        self.wakes.park(prepared.0, Wait::cancellable(None))
    }

    /// Wakes the first waiter, if all waiters begin their wait by [`prepare`](Self::prepare). The
    /// caller holds the lock that they hold then, or has held it since the change, so this needs no
    /// fence: it costs a load if no thread waits.
    #[inline]
    pub fn wake_prepared(&self) {
        self.wakes.wake(1);
    }

    fn wait_with(&self, wait: Wait, mut condition: impl FnMut() -> bool) -> Result<(), WaitError> {
        while !condition() {
            let prepared = self.wakes.prepare();
            // Pairs with the fence in `wake`: either `wake` sees the mark, or this thread
            // sees the change.
            fence(SeqCst);
            if condition() {
                break;
            }
            if let Err(error) = self.wakes.park(prepared, wait) {
                return if condition() { Ok(()) } else { Err(error) };
            }
        }
        Ok(())
    }

    #[inline]
    fn wake(&self, count: u32) {
        // Pairs with the fence in `wait_with`.
        fence(SeqCst);
        self.wakes.wake(count);
    }
}

impl<P: Parking> Default for WaitQueue<P> {
    fn default() -> Self {
        Self::new()
    }
}
