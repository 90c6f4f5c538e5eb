//! How a thread waits. The lock of its bucket in the parking lot owns this, but for what
//! is looked at to find the bucket.

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};

use blocking::QueueEnd;
use deadline_queue::NONE;

/// How a thread waits, or how its last wait has ended.
pub(super) struct Parked {
    /// The address of the word; 0 if it doesn't wait.
    pub(super) word: AtomicU64,
    /// In the bucket's list.
    pub(super) previous: AtomicU32,
    pub(super) next: AtomicU32,
    pub(super) queue_end: AtomicU8,
    /// The real-time priority, or 0.
    pub(super) priority: AtomicU8,
    pub(super) is_interruptible: AtomicU8,
    pub(super) until_ns: AtomicU64,
    /// The slot of the thread that owns the mutex that it waits for, plus 1; 0 if none is known.
    pub(super) owner: AtomicU32,
    /// Whether it lends its policy to the owner.
    pub(super) is_lending: AtomicBool,
    pub(super) wake: AtomicU8,
}

impl Parked {
    pub(super) const fn new() -> Self {
        Self {
            word: AtomicU64::new(0),
            previous: AtomicU32::new(NONE),
            next: AtomicU32::new(NONE),
            queue_end: AtomicU8::new(0),
            priority: AtomicU8::new(0),
            is_interruptible: AtomicU8::new(0),
            until_ns: AtomicU64::new(u64::MAX),
            owner: AtomicU32::new(0),
            is_lending: AtomicBool::new(false),
            wake: AtomicU8::new(0),
        }
    }

    /// Returns the end of the queue at which it started to wait.
    pub(super) fn queue_end(&self) -> QueueEnd {
        if self.queue_end.load(Ordering::Relaxed) == QueueEnd::Front as u8 {
            QueueEnd::Front
        } else {
            QueueEnd::Back
        }
    }
}
