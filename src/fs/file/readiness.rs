//! What can be done with a file without waiting, and who is notified when that changes.
//!
//! A file whose readiness changes has a [`PollQueue`], which it notifies. An [`Observer`] that
//! watches the queue is called then: a thread in [`poll`](super::poll::poll), or a set of files
//! that is polled itself. Interrupt handlers may notify a queue.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering, fence};

use bitflags::bitflags;

use crate::fs::error::FsError;
use crate::sync::{IrqMutex, Rank};

bitflags! {
    /// What can be done with a file without waiting, with the values of poll(2).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Readiness: u16 {
        /// It can be read, or is at its end.
        const IN = 0x1;
        /// Something urgent can be read.
        const PRIORITY = 0x2;
        /// It can be written.
        const OUT = 0x4;
        /// It has an error.
        const ERROR = 0x8;
        /// The other end is closed.
        const HANG_UP = 0x10;
        /// It isn't an open file.
        const INVALID = 0x20;
        /// The other end sends nothing any more.
        const READ_HANG_UP = 0x2000;
    }
}

impl Readiness {
    /// Those that are reported even if they weren't asked for.
    pub const ALWAYS: Self = Self::ERROR.union(Self::HANG_UP).union(Self::INVALID);
}

/// Something that waits for the readiness of files.
pub trait Observer: Send + Sync {
    /// A file that it watches may have become ready. Called with a lock held, also from interrupt
    /// handlers: it doesn't wait, and neither allocates nor frees.
    fn notify(&self);
}

/// The observers of a file.
pub struct PollQueue {
    /// How many there are, so that a notification without any takes no lock.
    count: AtomicUsize,
    /// Protects the list; held to change it, or to notify all; taken by interrupt handlers.
    observers: IrqMutex<Vec<Arc<dyn Observer>>>,
}

impl PollQueue {
    /// Makes a queue without observers.
    pub const fn new() -> Self {
        Self { count: AtomicUsize::new(0), observers: IrqMutex::new(Rank::Observers, Vec::new()) }
    }

    /// Notifies all observers: the readiness of the file has changed. What has changed was stored
    /// before.
    #[inline]
    pub fn notify(&self) {
        // Pairs with the fence in `watch`: either the observer is seen here, or it sees the change.
        fence(Ordering::SeqCst);
        if self.count.load(Ordering::Relaxed) > 0 {
            self.notify_all();
        }
    }

    #[cold]
    fn notify_all(&self) {
        for observer in self.observers.lock().iter() {
            observer.notify();
        }
    }

    /// Adds `observer`. It looks at the readiness afterwards: a change before may not be notified.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn watch(&self, observer: &Arc<dyn Observer>) -> Result<(), FsError> {
        let mut larger = Vec::new();
        loop {
            let mut observers = self.observers.lock();
            if larger.capacity() > observers.len() {
                // Nothing is allocated while the lock is held.
                larger.append(&mut observers);
                core::mem::swap(&mut *observers, &mut larger);
            }
            if observers.len() < observers.capacity() {
                observers.push(observer.clone());
                self.count.store(observers.len(), Ordering::Relaxed);
                drop(observers);
                fence(Ordering::SeqCst);
                return Ok(());
            }
            let needed = observers.len() + 1;
            drop(observers);
            larger = Vec::new();
            larger.try_reserve(needed.next_power_of_two())?;
        }
    }

    /// Removes `observer`, once.
    pub fn unwatch(&self, observer: &Arc<dyn Observer>) {
        let mut observers = self.observers.lock();
        let index = observers.iter().position(|other| Arc::ptr_eq(other, observer));
        let removed = index.map(|index| observers.swap_remove(index));
        self.count.store(observers.len(), Ordering::Relaxed);
        drop(observers);
        drop(removed);
    }
}

impl Default for PollQueue {
    fn default() -> Self {
        Self::new()
    }
}
