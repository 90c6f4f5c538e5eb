//! A counted reference to a thread.

use core::ops::Deref;
use core::sync::atomic::Ordering;

use super::id::ThreadId;
use super::scheduler;
use super::table;
use super::thread::Thread;

/// A counted reference to a thread: as long as it exists, the slot of the thread gets no other
/// thread, even if the thread ends.
pub struct ThreadRef(&'static Thread);

impl ThreadRef {
    /// Returns a reference to the thread with this number; `None` if there is none.
    pub fn find(id: ThreadId) -> Option<Self> {
        let mut found = None;
        table::for_each(|thread| {
            if found.is_none() && thread.id() == id {
                found = Self::try_hold(thread);
            }
        });
        // The slot may have got another thread before the reference was counted.
        found.filter(|thread| thread.id() == id)
    }

    /// Makes a reference that was counted by the caller.
    pub(super) fn of_holder(thread: &'static Thread) -> Self {
        Self(thread)
    }

    /// Counts a reference to the thread in this slot, unless it is free.
    fn try_hold(thread: &'static Thread) -> Option<Self> {
        let one_more = |holders| if holders == 0 { None } else { Some(holders + 1) };
        let held = thread.holders.fetch_update(Ordering::AcqRel, Ordering::Relaxed, one_more);
        held.is_ok().then(|| Self(thread))
    }

    /// Returns the thread. After this reference is dropped, its slot may have another thread.
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
