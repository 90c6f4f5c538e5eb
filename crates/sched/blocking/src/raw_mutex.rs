//! The word of a mutex: who has it, and whether somebody waits.

use core::marker::PhantomData;

use crate::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::atomic::{AtomicU32, const_fn};
use crate::{Parking, Place, Wait, WaitError, Wake};

/// Threads may wait: who unlocks has to go to the lot.
const WAITERS: u32 = 1 << 31;
/// A thread that was woken in vain waits: who unlocks hands the mutex over.
const HANDOFF: u32 = 1 << 30;
/// The number of the thread that has the mutex; 0 if it is free.
const OWNER: u32 = HANDOFF - 1;

/// A mutex without a value.
///
/// `WAITERS` and `HANDOFF` may be set without anybody waiting, because a waiter gave up
/// or hasn't slept yet; then the next unlock finds nobody in the lot, and clears them.
pub(crate) struct RawMutex<P> {
    word: AtomicU32,
    parking: PhantomData<fn() -> P>,
}

impl<P: Parking> RawMutex<P> {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self { word: AtomicU32::new(0), parking: PhantomData }
        }
    }

    /// Takes the mutex if it is free; tells if it did.
    #[inline]
    pub(crate) fn try_lock(&self) -> bool {
        self.take(P::current(), 0).is_ok()
    }

    /// Takes the mutex, or waits for it as `wait` says.
    ///
    /// # Panics
    /// If the running thread has it already.
    #[inline]
    pub(crate) fn lock(&self, wait: Wait) -> Result<(), WaitError> {
        let me = P::current();
        match self.take(me, 0) {
            Ok(()) => Ok(()),
            Err(state) => self.lock_contended(me, state, wait),
        }
    }

    /// Gives the mutex, which the running thread has, back.
    #[inline]
    pub(crate) fn unlock(&self) {
        if self.word.compare_exchange(P::current(), 0, Release, Relaxed).is_err() {
            self.unlock_contended();
        }
        P::released();
    }

    /// Takes the mutex as long as it is free. The word is thought to hold `state`; if
    /// the mutex isn't free, returns what it does hold.
    #[inline]
    fn take(&self, me: u32, mut state: u32) -> Result<(), u32> {
        while state & OWNER == 0 {
            match self.word.compare_exchange_weak(state, state | me, Acquire, Relaxed) {
                Ok(_) => {
                    self.note_acquired(state);
                    return Ok(());
                }
                Err(now) => state = now,
            }
        }
        Err(state)
    }

    #[inline]
    fn note_acquired(&self, state: u32) {
        P::acquired((state & WAITERS != 0).then_some(&self.word));
    }

    #[cold]
    fn lock_contended(&self, me: u32, mut state: u32, wait: Wait) -> Result<(), WaitError> {
        assert!(state & OWNER != me, "thread {me} locks a mutex that it has already");
        let mut place = Place::Back;
        loop {
            match self.take(me, state) {
                Ok(()) => return Ok(()),
                Err(taken) => state = taken,
            }
            let expected = state | marks(Some(place));
            if let Err(now) = self.mark(state, expected) {
                state = now;
                continue;
            }
            let wait = Wait { owner: Some(state & OWNER), place, ..wait };
            if P::park(&self.word, expected, wait).succeeded()? == Wake::Unparked {
                place = Place::Front;
            }
            // Acquire, because it may have been handed over: what the mutex protects
            // doesn't rely on the lot.
            state = self.word.load(Acquire);
            if state & OWNER == me {
                self.note_acquired(state);
                return Ok(());
            }
        }
    }

    /// Sets the marks that `marked` has more than `state`.
    fn mark(&self, state: u32, marked: u32) -> Result<(), u32> {
        if marked != state {
            self.word.compare_exchange(state, marked, Relaxed, Relaxed)?;
        }
        Ok(())
    }

    #[cold]
    fn unlock_contended(&self) {
        P::unpark(&self.word, 1, |unparked| {
            let unlock = |state| {
                let owner = unparked.first.filter(|_| state & HANDOFF != 0);
                Some(owner.unwrap_or(0) | marks(unparked.next))
            };
            // It always changes, so it never gives up. Whose mark it clears hasn't slept
            // yet, and won't, as the owner is another now.
            let _ = self.word.fetch_update(Release, Relaxed, unlock);
        });
    }
}

/// Returns the marks to be set while the first in line waits at `place`.
fn marks(place: Option<Place>) -> u32 {
    match place {
        None => 0,
        Some(Place::Back) => WAITERS,
        Some(Place::Front) => WAITERS | HANDOFF,
    }
}
