//! A counting semaphore.

use core::marker::PhantomData;

use crate::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::atomic::{AtomicU32, const_fn};
use crate::parking::endless;
use crate::{Parking, Wait, WaitError, Wake};

/// The most permits that a [`Semaphore`] can have free.
pub const PERMITS_MAX: u32 = WAITERS - 1;

/// No permit is free, and threads may wait: a release has to call the parking lot.
const WAITERS: u32 = u32::MAX;

/// A counting semaphore: threads take permits, and sleep while none is free. A permit
/// belongs to no thread; any may release one.
///
/// A release hands the permits to the waiting threads, in the queue's order; a thread that
/// comes later finds none free. So no waiting thread starves: with k threads before it, it
/// has a permit after k + 1 releases.
///
/// What threads did before they released a permit is visible to the threads that acquire
/// one later.
///
/// The word is the number of free permits, or `WAITERS`. That may stay when a waiter gives
/// up; the next release then finds no thread in the lot, and clears it.
pub struct Semaphore<P> {
    word: AtomicU32,
    parking: PhantomData<fn() -> P>,
}

impl<P: Parking> Semaphore<P> {
    const_fn! {
        /// Makes a semaphore with `permits` free ones.
        ///
        /// # Panics
        /// If that is more than [`PERMITS_MAX`].
        pub fn new(permits: u32) -> Self {
            assert!(permits <= PERMITS_MAX, "a semaphore has at most PERMITS_MAX permits");
            Self { word: AtomicU32::new(permits), parking: PhantomData }
        }
    }

    /// Returns the number of free permits.
    #[inline]
    pub fn available(&self) -> u32 {
        match self.word.load(Relaxed) {
            WAITERS => 0,
            permits => permits,
        }
    }

    /// Takes a permit if one is free; returns whether it did.
    #[inline]
    pub fn try_acquire(&self) -> bool {
        self.take().is_ok()
    }

    /// Takes a permit; sleeps while none is free.
    #[inline]
    pub fn acquire(&self) {
        endless(self.acquire_with(Wait::ENDLESS));
    }

    /// Takes a permit; sleeps while none is free, but not after `deadline_ns`, in
    /// nanoseconds on the kernel's clock.
    ///
    /// # Errors
    /// [`WaitError::TimedOut`] if the deadline passes first. A free permit is taken even
    /// after the deadline.
    #[inline]
    pub fn acquire_until(&self, deadline_ns: u64) -> Result<(), WaitError> {
        self.acquire_with(Wait::until(deadline_ns))
    }

    /// Takes a permit; sleeps while none is free, until the running thread is cancelled,
    /// and not after `deadline_ns` if there is one.
    ///
    /// # Errors
    /// A [`WaitError`] if the cancellation or the deadline comes first.
    #[inline]
    pub fn acquire_cancellable(&self, deadline_ns: Option<u64>) -> Result<(), WaitError> {
        self.acquire_with(Wait::cancellable(deadline_ns))
    }

    /// Releases `permits` permits; waiting threads get them first. Never waits, so
    /// interrupt handlers may call it.
    ///
    /// # Panics
    /// If more than [`PERMITS_MAX`] would be free.
    #[inline]
    pub fn release(&self, permits: u32) {
        let add = |free| (free != WAITERS).then(|| sum(free, permits));
        if self.word.fetch_update(Release, Relaxed, add).is_err() {
            self.release_to_waiters(permits);
        }
    }

    #[inline]
    fn acquire_with(&self, wait: Wait) -> Result<(), WaitError> {
        match self.take() {
            Ok(_) => Ok(()),
            Err(state) => self.acquire_contended(state, wait),
        }
    }

    /// Takes a permit if one is free; otherwise returns the word as the error.
    #[inline]
    fn take(&self) -> Result<u32, u32> {
        let take = |free| if free == WAITERS { None } else { u32::checked_sub(free, 1) };
        self.word.fetch_update(Acquire, Relaxed, take)
    }

    #[cold]
    fn acquire_contended(&self, mut state: u32, wait: Wait) -> Result<(), WaitError> {
        loop {
            // A failure means that the word is `WAITERS` already, or that there are
            // permits.
            let is_marked = state == WAITERS
                || self.word.compare_exchange(0, WAITERS, Relaxed, Relaxed).is_ok();
            if is_marked && P::park(&self.word, WAITERS, wait).succeeded()? == Wake::Unparked {
                // The permit was handed over.
                return Ok(());
            }
            match self.take() {
                Ok(_) => return Ok(()),
                Err(now) => state = now,
            }
        }
    }

    #[cold]
    fn release_to_waiters(&self, permits: u32) {
        P::unpark(&self.word, permits, |unparked| {
            // While threads wait, the word is `WAITERS`: no permit is free.
            if unparked.next.is_none() {
                let spare = permits - unparked.woken;
                let add = |free| Some(if free == WAITERS { spare } else { sum(free, spare) });
                // The closure never returns `None`, so this cannot fail.
                let _ = self.word.fetch_update(Release, Relaxed, add);
            }
        });
    }
}

/// Returns the number of free permits after a release.
#[inline]
fn sum(free: u32, released: u32) -> u32 {
    let sum = free.checked_add(released).filter(|sum| *sum <= PERMITS_MAX);
    sum.expect("more than PERMITS_MAX permits would be free")
}
