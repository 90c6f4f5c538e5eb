//! A file in a set.

use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::events::{Interest, SetEvents};
use super::ready::{ItemState, Ready, Slot};
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::readiness::{Observer, PollQueue, Readiness};

/// A file in a set. It observes the file as long as the file is open.
pub(super) struct Item {
    /// The descriptor with which it was added.
    pub(super) fd: u32,
    /// A weak reference, so that the set doesn't keep the file open.
    file: Weak<OpenFile>,
    /// Its slot in the queue of items that may be ready.
    pub(super) place: ItemState,
    ready: Arc<Ready>,
    /// The requested readiness, as [`SetEvents`].
    events: AtomicU32,
    /// The value that is returned with each event.
    data: AtomicU64,
}

impl Item {
    pub(super) fn new(
        ready: Arc<Ready>,
        slot: Slot,
        (fd, file): (u32, &Arc<OpenFile>),
        interest: Interest,
    ) -> Self {
        Self {
            fd,
            file: Arc::downgrade(file),
            place: ItemState::new(slot),
            ready,
            events: AtomicU32::new(interest.events.bits()),
            data: AtomicU64::new(interest.data),
        }
    }

    /// Returns whether it is for `file`, added as `fd`.
    pub(super) fn is_for(&self, fd: u32, file: &Arc<OpenFile>) -> bool {
        self.fd == fd && core::ptr::eq(self.file.as_ptr(), Arc::as_ptr(file))
    }

    /// Returns whether the file was closed.
    pub(super) fn is_gone(&self) -> bool {
        self.file.strong_count() == 0
    }

    /// Returns the file, if it is open. The caller drops it without the lock of the items, because
    /// the drop may close the file.
    pub(super) fn file(&self) -> Option<Arc<OpenFile>> {
        self.file.upgrade()
    }

    /// Returns the request of the program.
    pub(super) fn interest(&self) -> Interest {
        let events = SetEvents::from_bits_retain(self.events.load(Ordering::Relaxed));
        Interest { events, data: self.data.load(Ordering::Relaxed) }
    }

    /// Sets the request of the program. The lock of the items is held.
    pub(super) fn set_interest(&self, interest: Interest) {
        self.data.store(interest.data, Ordering::Relaxed);
        self.events.store(interest.events.bits(), Ordering::SeqCst);
    }

    /// Disables it after an event, for EPOLLONESHOT, unless the program has changed the request
    /// from `before` in the meantime.
    pub(super) fn disable(&self, before: SetEvents) {
        let (old, new) = (before.bits(), before.disabled().bits());
        let _ = self.events.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl Observer for Item {
    fn notify(&self, events: Readiness) -> Option<&PollQueue> {
        if self.interest().events.reported(events).is_empty() {
            return None;
        }
        self.ready.push(&self.place);
        Some(&self.ready.observers)
    }
}
