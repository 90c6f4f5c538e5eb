//! Waiting for a condition that no mutex protects.

use crate::atomic::Ordering::SeqCst;
use crate::atomic::{const_fn, fence};
use crate::event_count::EventCount;
use crate::parking::endless;
use crate::{Parking, Wait, WaitError};

/// Threads that wait for a condition, as in Linux's `wait_event`: for what an interrupt
/// handler changes, or another processor without a mutex.
///
/// Who changes what the conditions look at wakes afterwards, and no wake-up is lost:
/// either the waiter sees the change, or who wakes sees the waiter. For that a fence
/// stands on both sides, so the change may be a relaxed store. Whatever else was written
/// before the change is seen by the waiter only if the condition loads with `Acquire`
/// what was stored with `Release`.
///
/// A condition is called with no lock held, by the thread that waits, any number of
/// times. Its being true when the wait ends doesn't keep others from changing it.
pub struct WaitQueue<P> {
    wakes: EventCount<P>,
}

impl<P: Parking> WaitQueue<P> {
    const_fn! {
        /// Makes a queue in which nobody waits.
        pub fn new() -> Self {
            Self { wakes: EventCount::new() }
        }
    }

    /// Sleeps until `condition` is true.
    #[inline]
    pub fn wait_until(&self, condition: impl FnMut() -> bool) {
        endless(self.wait_with(Wait::ENDLESS, condition));
    }

    /// Sleeps until `condition` is true, but not beyond `deadline_ns`, in nanoseconds on
    /// the kernel's clock.
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

    /// Sleeps until `condition` is true or the running thread is cancelled, and not
    /// beyond `deadline_ns` if there is one.
    ///
    /// # Errors
    /// A [`WaitError`] if one of both comes, and the condition isn't true then.
    #[inline]
    pub fn wait_until_cancellable(
        &self,
        deadline_ns: Option<u64>,
        condition: impl FnMut() -> bool,
    ) -> Result<(), WaitError> {
        self.wait_with(Wait::cancellable(deadline_ns), condition)
    }

    /// Wakes the first in line. For conditions of which a change makes only one waiter's
    /// true.
    ///
    /// Never waits, so interrupt handlers may call it. Costs a fence and a load if
    /// nobody waits.
    #[inline]
    pub fn wake_one(&self) {
        self.wake(1);
    }

    /// Wakes all that wait.
    ///
    /// Never waits, so interrupt handlers may call it. Costs a fence and a load if
    /// nobody waits.
    #[inline]
    pub fn wake_all(&self) {
        self.wake(u32::MAX);
    }

    fn wait_with(&self, wait: Wait, mut condition: impl FnMut() -> bool) -> Result<(), WaitError> {
        while !condition() {
            let prepared = self.wakes.prepare();
            // Pairs with the one in `wake`: the mark is seen there, or the change here.
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
        // Pairs with the one in `wait_with`.
        fence(SeqCst);
        self.wakes.wake(count);
    }
}

impl<P: Parking> Default for WaitQueue<P> {
    fn default() -> Self {
        Self::new()
    }
}
