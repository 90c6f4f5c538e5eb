//! What a thread keeps for the list of its priority.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::thread_id::NONE;

/// A thread's place in a list.
#[derive(Debug)]
pub(crate) struct ListLink {
    pub(crate) previous: AtomicU32,
    pub(crate) next: AtomicU32,
}

impl ListLink {
    pub(crate) const fn new() -> Self {
        Self { previous: AtomicU32::new(NONE), next: AtomicU32::new(NONE) }
    }

    #[inline]
    pub(crate) fn set(&self, previous: u32, next: u32) {
        self.previous.store(previous, Relaxed);
        self.next.store(next, Relaxed);
    }
}
