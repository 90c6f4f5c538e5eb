//! Waiting until a number of things have happened.

use core::marker::PhantomData;

use crate::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::atomic::{AtomicU32, const_fn};
use crate::parking::endless;
use crate::{Parking, Wait, WaitError};

/// Threads may wait: the count to 0 has to call the parking lot.
const WAITERS: u32 = 1 << 31;
/// The number of events that have not happened yet.
const COUNT: u32 = WAITERS - 1;

/// A count that goes down to 0 and stays there, and threads that wait for that, such as for
/// the end of several threads. With a count of 1 it is an event that happens once.
///
/// What threads did before they counted down is visible to the threads that have waited.
///
/// `WAITERS` stays set when waiters give up, and after the count is 0. That has no effect:
/// only the thread that counts to 0 reads it.
pub struct Latch<P> {
    word: AtomicU32,
    parking: PhantomData<fn() -> P>,
}

impl<P: Parking> Latch<P> {
    const_fn! {
        /// Makes a latch with `count`; it is open at once if that is 0.
        ///
        /// # Panics
        /// If `count` is 2^31 or more.
        pub fn new(count: u32) -> Self {
            assert!(count <= COUNT, "a latch counts from less than 2^31");
            Self { word: AtomicU32::new(count), parking: PhantomData }
        }
    }

    /// Counts down by one. If the count is 0 then, wakes all waiting threads. Never waits,
    /// so interrupt handlers may call it.
    ///
    /// # Panics
    /// If the count is 0 already.
    pub fn count_down(&self) {
        let count_down = |state| if state & COUNT == 0 { None } else { Some(state - 1) };
        let state = self.word.fetch_update(Release, Relaxed, count_down);
        let state = state.expect("the latch's count is 0 already");
        if state == WAITERS | 1 {
            P::unpark(&self.word, u32::MAX, |_| ());
        }
    }

    /// Returns whether the count is 0.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.word.load(Acquire) & COUNT == 0
    }

    /// Sleeps until the count is 0.
    #[inline]
    pub fn wait(&self) {
        endless(self.wait_with(Wait::ENDLESS));
    }

    /// Sleeps until the count is 0, but not after `deadline_ns`, in nanoseconds on the
    /// kernel's clock.
    ///
    /// # Errors
    /// [`WaitError::TimedOut`] if the count isn't 0 then.
    #[inline]
    pub fn wait_until(&self, deadline_ns: u64) -> Result<(), WaitError> {
        self.wait_with(Wait::until(deadline_ns))
    }

    /// Sleeps until the count is 0 or the running thread is cancelled, and not after
    /// `deadline_ns` if there is one.
    ///
    /// # Errors
    /// A [`WaitError`] if the cancellation or the deadline comes first.
    #[inline]
    pub fn wait_cancellable(&self, deadline_ns: Option<u64>) -> Result<(), WaitError> {
        self.wait_with(Wait::cancellable(deadline_ns))
    }

    fn wait_with(&self, wait: Wait) -> Result<(), WaitError> {
        let mut state = self.word.load(Acquire);
        while state & COUNT != 0 {
            let marked = state | WAITERS;
            if marked != state
                && let Err(now) = self.word.compare_exchange(state, marked, Relaxed, Acquire)
            {
                state = now;
                continue;
            }
            P::park(&self.word, marked, wait).succeeded()?;
            state = self.word.load(Acquire);
        }
        Ok(())
    }
}
