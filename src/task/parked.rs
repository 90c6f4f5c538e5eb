//! The state of a waiting thread.

use core::cell::Cell;
use core::num::NonZeroU64;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use blocking::{QueueEnd, Wake};

use crate::sync::LockCell;

/// The state of a thread's wait, or the result of its last wait. `T` refers to a thread.
pub(super) struct Parked<T> {
    /// The address of the word that the thread waits for; 0 if it doesn't wait. Changed under the
    /// lock of the word's bucket, read without it to find the bucket.
    word: AtomicU64,
    /// How the last wait has ended. Written before the wake-up, read by the thread after it.
    wake: AtomicU8,
    /// The lock of the bucket owns it as long as the thread waits; otherwise no lock does.
    pub(super) waiter: LockCell<Waiter<T>>,
}

/// The data of a waiting thread that the lock of its bucket owns.
pub(super) struct Waiter<T> {
    /// The neighbours in the bucket's list.
    pub(super) previous: Cell<Option<T>>,
    pub(super) next: Cell<Option<T>>,
    pub(super) queue_end: Cell<QueueEnd>,
    /// The real-time priority by which the thread is woken, or 0. It comes from the policy with
    /// which the thread began to wait: a policy that it inherits later doesn't change it.
    pub(super) priority: Cell<u8>,
    pub(super) is_interruptible: Cell<bool>,
    pub(super) until_ns: Cell<Option<u64>>,
    /// The thread that owns the mutex that it waits for, if that is known.
    pub(super) owner: Cell<Option<T>>,
    /// Whether it lends its policy to the owner.
    pub(super) is_lending: Cell<bool>,
}

impl<T> Parked<T> {
    pub(super) const fn new() -> Self {
        Self {
            word: AtomicU64::new(0),
            wake: AtomicU8::new(Wake::Unparked as u8),
            waiter: LockCell::unowned(Waiter {
                previous: Cell::new(None),
                next: Cell::new(None),
                queue_end: Cell::new(QueueEnd::Back),
                priority: Cell::new(0),
                is_interruptible: Cell::new(false),
                until_ns: Cell::new(None),
                owner: Cell::new(None),
                is_lending: Cell::new(false),
            }),
        }
    }

    /// Returns the address of the word that the thread waits for.
    #[inline]
    pub(super) fn word(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.word.load(Ordering::SeqCst))
    }

    /// Returns whether the thread waits for the word at `address`.
    #[inline]
    pub(super) fn waits_for(&self, address: u64) -> bool {
        self.word.load(Ordering::Relaxed) == address
    }

    /// Records that the thread waits for the word at `address`. A full memory barrier.
    #[inline]
    pub(super) fn set_word(&self, address: u64) {
        self.word.store(address, Ordering::SeqCst);
    }

    /// Records that the thread doesn't wait.
    #[inline]
    pub(super) fn clear_word(&self) {
        self.word.store(0, Ordering::Relaxed);
    }

    /// Returns how the last wait has ended.
    #[inline]
    pub(super) fn wake(&self) -> Wake {
        match self.wake.load(Ordering::Relaxed) {
            wake if wake == Wake::TimedOut as u8 => Wake::TimedOut,
            wake if wake == Wake::Cancelled as u8 => Wake::Cancelled,
            _ => Wake::Unparked,
        }
    }

    /// Records how the wait ends.
    #[inline]
    pub(super) fn set_wake(&self, wake: Wake) {
        self.wake.store(wake as u8, Ordering::Relaxed);
    }
}
