//! The word of a mutex: its owner, and whether threads wait.

use core::marker::PhantomData;

use crate::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::atomic::{AtomicU32, const_fn};
use crate::{Parking, QueueEnd, Wait, WaitError, Wake};

/// Threads may wait: an unlock has to call the parking lot.
const WAITERS: u32 = 1 << 31;
/// A thread waits again after a wake-up that did not give it the mutex: the next unlock
/// hands the mutex over.
const HANDOFF: u32 = 1 << 30;
/// The number of the thread that owns the mutex; 0 if it is free.
const OWNER: u32 = HANDOFF - 1;

/// How often a thread looks at a mutex whose owner runs, before it sleeps: some ten thousand cycles,
/// longer than most mutexes are held.
const LOOKS_MAX: u32 = 300;

/// A mutex without a value.
///
/// `WAITERS` and `HANDOFF` may be set while no thread waits, because a waiter gave up or
/// does not sleep yet. The next unlock then finds no thread in the lot, and clears them.
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

    /// Takes the mutex if it is free; returns whether it did.
    #[inline]
    pub(crate) fn try_lock(&self) -> bool {
        self.take(P::current(), 0).is_ok()
    }

    /// Takes the mutex; waits for it as `wait` says if another thread owns it.
    ///
    /// # Panics
    /// If the running thread owns it already.
    #[inline]
    pub(crate) fn lock(&self, wait: Wait) -> Result<(), WaitError> {
        let me = P::current();
        match self.take(me, 0) {
            Ok(()) => Ok(()),
            Err(state) => self.lock_contended(me, state, wait),
        }
    }

    /// Releases the mutex, which the running thread owns.
    #[inline]
    pub(crate) fn unlock(&self) {
        // Without a mark the word is the running thread's number.
        let state = self.word.load(Relaxed);
        if state & !OWNER != 0 || self.word.compare_exchange(state, 0, Release, Relaxed).is_err() {
            self.unlock_contended();
        }
    }

    /// Takes the mutex if it is free. `state` is the expected value of the word. If the
    /// mutex isn't free, returns the word's value.
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
        if state & WAITERS != 0 {
            P::acquired(&self.word);
        }
    }

    #[cold]
    fn lock_contended(&self, me: u32, mut state: u32, wait: Wait) -> Result<(), WaitError> {
        assert!(state & OWNER != me, "thread {me} locks a mutex that it owns already");
        let mut queue_end = QueueEnd::Back;
        state = self.spin(state);
        loop {
            match self.take(me, state) {
                Ok(()) => return Ok(()),
                Err(taken) => state = taken,
            }
            let expected = state | marks(Some(queue_end));
            if let Err(now) = self.mark(state, expected) {
                state = now;
                continue;
            }
            let wait = Wait { owner: Some(state & OWNER), queue_end, ..wait };
            if P::park(&self.word, expected, wait).succeeded()? == Wake::Unparked {
                queue_end = QueueEnd::Front;
            }
            // Acquire, because the mutex may have been handed over. The order of accesses
            // to the protected value does not depend on the lot.
            state = self.word.load(Acquire);
            if state & OWNER == me {
                self.note_acquired(state);
                return Ok(());
            }
        }
    }

    /// Waits for the mutex, without sleeping, for as long as its owner runs on another CPU, but not
    /// for long; returns the word's value. A mutex that is handed over isn't waited for.
    fn spin(&self, mut state: u32) -> u32 {
        for _ in 0..LOOKS_MAX {
            if state & OWNER == 0 || state & HANDOFF != 0 || !P::is_running(state & OWNER) {
                break;
            }
            core::hint::spin_loop();
            state = self.word.load(Relaxed);
        }
        state
    }

    /// Replaces `state` by `marked`, which has more marks.
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
            // The closure never returns `None`, so this cannot fail. A thread whose mark it
            // clears does not sleep yet. It won't, because the word has another owner now.
            let _ = self.word.fetch_update(Release, Relaxed, unlock);
        });
    }
}

/// Returns the marks to set while the first waiter is at `queue_end`.
fn marks(queue_end: Option<QueueEnd>) -> u32 {
    match queue_end {
        None => 0,
        Some(QueueEnd::Back) => WAITERS,
        Some(QueueEnd::Front) => WAITERS | HANDOFF,
    }
}
