//! The atomic word of the models.

use loom::sync::atomic;

use crate::atomic::Ordering::{self, Relaxed};

/// Loom's word, with the operations that this crate needs.
///
/// For each word, loom remembers only the last access. If a thread loads and then changes
/// the word, loom doesn't try another thread's access in between or before (tokio-rs/loom,
/// issues 166 and 392). So each access follows a change of another word: then loom finds
/// that all of them depend on each other.
///
/// There is no `store`, because loom can order a store between the two halves of a
/// compare-and-exchange (issue 254).
pub struct AtomicU32 {
    word: atomic::AtomicU32,
    accesses: atomic::AtomicU32,
}

impl AtomicU32 {
    pub(crate) fn new(value: u32) -> Self {
        Self { word: atomic::AtomicU32::new(value), accesses: atomic::AtomicU32::new(0) }
    }

    pub(crate) fn load(&self, order: Ordering) -> u32 {
        self.accessed().load(order)
    }

    pub(crate) fn compare_exchange(
        &self,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        self.accessed().compare_exchange(current, new, success, failure)
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        self.compare_exchange(current, new, success, failure)
    }

    pub(crate) fn fetch_or(&self, value: u32, order: Ordering) -> u32 {
        self.accessed().fetch_or(value, order)
    }

    pub(crate) fn fetch_and(&self, value: u32, order: Ordering) -> u32 {
        self.accessed().fetch_and(value, order)
    }

    pub(crate) fn fetch_sub(&self, value: u32, order: Ordering) -> u32 {
        self.accessed().fetch_sub(value, order)
    }

    pub(crate) fn fetch_add(&self, value: u32, order: Ordering) -> u32 {
        self.accessed().fetch_add(value, order)
    }

    pub(crate) fn fetch_update(
        &self,
        success: Ordering,
        failure: Ordering,
        mut update: impl FnMut(u32) -> Option<u32>,
    ) -> Result<u32, u32> {
        let mut value = self.load(failure);
        while let Some(new) = update(value) {
            match self.compare_exchange(value, new, success, failure) {
                Ok(_) => return Ok(value),
                Err(now) => value = now,
            }
        }
        Err(value)
    }

    fn accessed(&self) -> &atomic::AtomicU32 {
        self.accesses.fetch_add(1, Relaxed);
        &self.word
    }
}
