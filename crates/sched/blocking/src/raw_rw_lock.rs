//! The words of a reader-writer lock: a mutex that the threads pass, and a count of readers.

use crate::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::atomic::{AtomicU32, const_fn};
use crate::raw_mutex::RawMutex;
use crate::{Parking, Wait, WaitError};

/// A writer holds the gate.
const WRITER: u32 = 1 << 31;
/// The number of readers that hold the lock.
const READERS: u32 = WRITER - 1;

/// A reader-writer lock without a value.
///
/// `WRITER` is set and cleared only by the thread that holds the gate. While it is set, no
/// reader enters: readers that arrive wait for the gate. So the number of readers falls to
/// 0, and stays there until the writer has released the lock.
pub(crate) struct RawRwLock<P> {
    /// Held by a writer until it releases the lock, and by a reader that has waited for a
    /// writer, while it enters.
    gate: RawMutex<P>,
    /// `WRITER`, and the number of readers. A writer waits at this word for the last reader.
    readers: AtomicU32,
}

impl<P: Parking> RawRwLock<P> {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self { gate: RawMutex::new(), readers: AtomicU32::new(0) }
        }
    }

    /// Takes the lock for reading if no writer holds it or waits for it; returns whether it
    /// did.
    #[inline]
    pub(crate) fn try_read(&self) -> bool {
        let enter = |state| (state & WRITER == 0).then(|| one_more(state));
        self.readers.fetch_update(Acquire, Relaxed, enter).is_ok()
    }

    /// Takes the lock for reading; waits as `wait` says while a writer holds it or waits for
    /// it.
    #[inline]
    pub(crate) fn read(&self, wait: Wait) -> Result<(), WaitError> {
        if self.try_read() { Ok(()) } else { self.read_contended(wait) }
    }

    #[cold]
    fn read_contended(&self, wait: Wait) -> Result<(), WaitError> {
        self.gate.lock(wait)?;
        // No writer holds the gate, so `WRITER` isn't set. The closure never returns `None`.
        let _ = self.readers.fetch_update(Acquire, Relaxed, |state| Some(one_more(state)));
        self.gate.unlock();
        Ok(())
    }

    /// Releases the lock, which the caller holds for reading.
    #[inline]
    pub(crate) fn end_read(&self) {
        // Release: the next writer sees that all reads have ended.
        if self.readers.fetch_sub(1, Release) == WRITER | 1 {
            P::unpark(&self.readers, 1, |_| ());
        }
    }

    /// Takes the lock for writing if it is free; returns whether it did.
    #[inline]
    pub(crate) fn try_write(&self) -> bool {
        if !self.gate.try_lock() {
            return false;
        }
        let is_taken = self.readers.compare_exchange(0, WRITER, Acquire, Relaxed).is_ok();
        if !is_taken {
            self.gate.unlock();
        }
        is_taken
    }

    /// Takes the lock for writing; waits as `wait` says while other threads hold it.
    ///
    /// # Panics
    /// If the running thread holds it for writing already.
    #[inline]
    pub(crate) fn write(&self, wait: Wait) -> Result<(), WaitError> {
        self.gate.lock(wait)?;
        match self.readers.fetch_or(WRITER, Acquire) {
            0 => Ok(()),
            readers => self.wait_for_readers(readers | WRITER, wait),
        }
    }

    #[cold]
    fn wait_for_readers(&self, mut state: u32, wait: Wait) -> Result<(), WaitError> {
        while state != WRITER {
            if let Err(error) = P::park(&self.readers, state, wait).succeeded() {
                self.end_write();
                return Err(error);
            }
            state = self.readers.load(Acquire);
        }
        Ok(())
    }

    /// Releases the lock, which the running thread holds for writing or is about to.
    #[inline]
    pub(crate) fn end_write(&self) {
        // Before the gate is free: the next writer sets the mark again.
        self.readers.fetch_and(!WRITER, Release);
        self.gate.unlock();
    }
}

/// Returns the word with one more reader.
#[inline]
fn one_more(state: u32) -> u32 {
    assert!(state & READERS != READERS, "a lock has fewer than 2^31 readers");
    state + 1
}
