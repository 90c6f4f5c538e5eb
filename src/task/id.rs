//! The numbers that name a thread.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

/// The number of a thread, by which it is shown. No two threads ever have the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(u64);

impl ThreadId {
    /// Makes the number of a thread.
    #[inline]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number of a new thread: 1 or more.
    pub(super) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the number.
    #[inline]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in the table of threads. When a thread has ended, another thread gets its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(u32);

impl Slot {
    /// Makes the slot with this index in the table.
    pub(super) const fn new(index: u32) -> Self {
        Self(index)
    }

    /// Returns the slot whose thread sleeping locks identify by `number`; `None` for 0, which
    /// stands for no thread.
    #[inline]
    pub(super) const fn of_lock_number(number: u32) -> Option<Self> {
        match number.checked_sub(1) {
            Some(index) => Some(Self(index)),
            None => None,
        }
    }

    /// Returns the number by which sleeping locks identify the slot's thread: 1 or more.
    #[inline]
    pub(super) const fn lock_number(self) -> u32 {
        self.0 + 1
    }

    /// Returns the index in the table.
    #[inline]
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn lock_number_names_its_slot_and_is_never_that_of_no_thread() {
        for index in [0, 1, 16_383] {
            let slot = Slot::new(index);
            assert!(slot.lock_number() != 0);
            assert_eq!(Slot::of_lock_number(slot.lock_number()), Some(slot));
        }
        assert_eq!(Slot::of_lock_number(0), None);
    }
}
