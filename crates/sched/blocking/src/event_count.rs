//! A count of wake-ups: the word of a wait queue.

use core::marker::PhantomData;

use crate::atomic::Ordering::Relaxed;
use crate::atomic::{AtomicU32, const_fn};
use crate::{Parking, Wait, WaitError};

/// Threads may wait: a wake-up has to call the parking lot.
const WAITERS: u32 = 1;
/// One wake-up.
const STEP: u32 = 2;

/// A word that counts wake-ups, so that a thread that has decided to sleep detects the
/// wake-ups since then. (Reed and Kanodia: Synchronization with Eventcounts and Sequencers,
/// 1979.)
///
/// `WAITERS` stays set when a waiter gives up; the next wake-up then finds no thread in the
/// lot, and clears it. The count wraps after 2^31 wake-ups that called the lot. A thread
/// would miss a wake-up only if exactly as many came between its [`prepare`](Self::prepare)
/// and its [`park`](Self::park).
pub(crate) struct EventCount<P> {
    word: AtomicU32,
    parking: PhantomData<fn() -> P>,
}

impl<P: Parking> EventCount<P> {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self { word: AtomicU32::new(0), parking: PhantomData }
        }
    }

    /// Marks that the running thread may sleep. Returns the value to pass to
    /// [`park`](Self::park).
    #[inline]
    pub(crate) fn prepare(&self) -> u32 {
        self.word.fetch_or(WAITERS, Relaxed) | WAITERS
    }

    /// Sleeps until a wake-up, unless there was one since `prepared`.
    #[inline]
    pub(crate) fn park(&self, prepared: u32, wait: Wait) -> Result<(), WaitError> {
        P::park(&self.word, prepared, wait).succeeded().map(drop)
    }

    /// Wakes up to `count` of the threads that sleep, and all threads that are about to
    /// sleep.
    ///
    /// The caller ensures by its memory order that it sees the mark of each thread that has
    /// not seen the change.
    #[inline]
    pub(crate) fn wake(&self, count: u32) {
        if self.word.load(Relaxed) & WAITERS != 0 {
            self.wake_waiters(count);
        }
    }

    #[cold]
    fn wake_waiters(&self, count: u32) {
        P::unpark(&self.word, count, |unparked| {
            let waiters = if unparked.next.is_some() { WAITERS } else { 0 };
            let count = |word: u32| Some((word & !WAITERS).wrapping_add(STEP) | waiters);
            // The closure never returns `None`, so this cannot fail. A thread whose mark it
            // clears does not sleep yet. It won't, because the count has changed.
            let _ = self.word.fetch_update(Relaxed, Relaxed, count);
        });
    }
}
