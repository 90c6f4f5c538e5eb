//! What condition variables and wait queues have in common.

use core::marker::PhantomData;

use crate::atomic::Ordering::Relaxed;
use crate::atomic::{AtomicU32, const_fn};
use crate::{Parking, Wait, WaitError};

/// Threads may wait: who wakes has to go to the lot.
const WAITERS: u32 = 1;
/// One wake-up.
const STEP: u32 = 2;

/// A word that counts wake-ups, so that a thread which decides to sleep sees any that
/// came since. (Reed and Kanodia: Synchronization with Eventcounts and Sequencers,
/// 1979.)
///
/// `WAITERS` stays when a waiter gives up; the next wake-up then finds nobody in the lot,
/// and clears it. The count goes around after 2^31 wake-ups that went to the lot; as many
/// while one thread is between [`prepare`](Self::prepare) and [`park`](Self::park) would
/// be missed.
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

    /// Announces that the running thread may sleep. Returns what [`park`](Self::park)
    /// needs.
    #[inline]
    pub(crate) fn prepare(&self) -> u32 {
        self.word.fetch_or(WAITERS, Relaxed) | WAITERS
    }

    /// Sleeps until a wake-up, unless there was one since `prepared`.
    #[inline]
    pub(crate) fn park(&self, prepared: u32, wait: Wait) -> Result<(), WaitError> {
        P::park(&self.word, prepared, wait).succeeded().map(drop)
    }

    /// Wakes up to `count` of the threads that sleep, and all that are about to.
    ///
    /// The caller makes sure that it sees the mark of a thread that hasn't seen what it
    /// is woken for.
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
            // It always changes, so it never gives up. Whose mark it clears hasn't slept
            // yet, and won't, as the count is another now.
            let _ = self.word.fetch_update(Relaxed, Relaxed, count);
        });
    }
}
