//! The end of a process, for the descriptors that refer to it.

use core::sync::atomic::{AtomicBool, Ordering};

use crate::fs::file::readiness::PollQueue;

/// The end of a process, for the descriptors that refer to it.
pub(super) struct EndEvent {
    has_come: AtomicBool,
    poll_queue: PollQueue,
}

impl EndEvent {
    pub(super) const fn new() -> Self {
        Self { has_come: AtomicBool::new(false), poll_queue: PollQueue::new() }
    }

    /// Records that the process has ended: it is a zombie, or has been removed.
    pub(super) fn report(&self) {
        self.has_come.store(true, Ordering::Release);
        self.poll_queue.notify();
    }

    /// Returns whether the process has ended.
    pub(super) fn has_come(&self) -> bool {
        self.has_come.load(Ordering::Acquire)
    }

    /// Returns the queue that is notified of the end.
    pub(super) fn poll_queue(&self) -> &PollQueue {
        &self.poll_queue
    }
}
