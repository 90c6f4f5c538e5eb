//! A hold of a thread that was found by its number.

use core::ops::Deref;
use core::sync::atomic::Ordering;

use super::id::ThreadId;
use super::scheduler;
use super::table;
use super::thread::Thread;

/// A hold of a thread: as long as it lives, the thread's place goes to no other one, even if
/// the thread ends.
pub struct ThreadRef(&'static Thread);

impl ThreadRef {
    /// Returns a hold of the thread with this number; `None` if there is none.
    pub fn find(id: ThreadId) -> Option<Self> {
        let mut found = None;
        table::for_each(|thread| {
            if found.is_none() && thread.id() == id {
                found = Self::try_hold(thread);
            }
        });
        // Its place may have gone to another one before it was held.
        found.filter(|thread| thread.id() == id)
    }

    /// Returns the hold of a thread that was counted for the caller.
    pub(super) fn of_holder(thread: &'static Thread) -> Self {
        Self(thread)
    }

    /// Holds what has the place of `thread`, unless it is free.
    fn try_hold(thread: &'static Thread) -> Option<Self> {
        let one_more = |holders| if holders == 0 { None } else { Some(holders + 1) };
        let held = thread.holders.fetch_update(Ordering::AcqRel, Ordering::Relaxed, one_more);
        held.is_ok().then(|| Self(thread))
    }

    /// Returns the thread. After the hold has ended, its place may be another one's.
    pub fn thread(&self) -> &'static Thread {
        self.0
    }
}

impl Deref for ThreadRef {
    type Target = Thread;

    fn deref(&self) -> &Thread {
        self.0
    }
}

impl Drop for ThreadRef {
    fn drop(&mut self) {
        scheduler::release(self.0);
    }
}
