//! The readiness of a file, and the observers that are notified when it changes.
//!
//! A file whose readiness can change has a [`PollQueue`], which it notifies of changes. The queue
//! then calls each [`Observer`] that watches it: a thread in [`poll`](super::poll::poll), or a set
//! of files, which can itself be polled. Interrupt handlers may notify a queue.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::sync::atomic::{AtomicUsize, Ordering, fence};

use bitflags::bitflags;

use crate::fs::error::FsError;
use crate::sync::{IrqMutex, Key, LockCell, Rank};

bitflags! {
    /// The operations on a file that are possible without waiting, with the values of poll(2).
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
        /// It can be read, not only urgently.
        const READ_NORMAL = 0x40;
        /// It can be written, not only urgently.
        const WRITE_NORMAL = 0x100;
        /// The other end sends no further data.
        const READ_HANG_UP = 0x2000;
    }
}

impl Readiness {
    /// The readiness that poll(2) and epoll report even without a request.
    pub const ALWAYS: Self = Self::ERROR.union(Self::HANG_UP).union(Self::INVALID);

    /// Returns the part of it that is in `wanted`.
    #[inline]
    pub fn reported(self, wanted: Self) -> Self {
        const NORMAL_SHIFT: u32 = 6;
        const { assert!(Self::READ_NORMAL.bits() == Self::IN.bits() << NORMAL_SHIFT) };
        const { assert!(Self::WRITE_NORMAL.bits() == Self::OUT.bits() << NORMAL_SHIFT) };
        let normal = (self & Self::IN.union(Self::OUT)).bits() << NORMAL_SHIFT;
        let other = self.difference(Self::READ_NORMAL.union(Self::WRITE_NORMAL));
        (other | Self::from_bits_retain(normal)) & wanted
    }
}

/// An object that waits for the readiness of files.
pub trait Observer: Send + Sync {
    /// Reports that a file may have become ready for `events`. Called with locks held, also by
    /// interrupt handlers: it neither waits, nor allocates or frees memory. The observer of a set
    /// of files returns the set's own [observers](PollQueue::of_set) if they have to be notified,
    /// too.
    fn notify(&self, events: Readiness) -> Option<&PollQueue>;
}

/// A list of observers.
type List = Vec<Arc<dyn Observer>>;

/// Protects the observers of all sets of files; held to change them, or to notify them; taken by
/// interrupt handlers. There is only one lock, because a notification continues from a set to the
/// sets that contain it.
static SETS: IrqMutex<()> = IrqMutex::new(Rank::SetObservers, ());

/// The observers, with their lock.
enum Observers {
    /// The observers of a file. The lock protects the list; held to change the list, or to notify
    /// all; taken by interrupt handlers.
    OfFile(IrqMutex<List>),
    /// The observers of a set of files.
    OfSet(LockCell<RefCell<List>>),
}

/// The observers of a file.
pub struct PollQueue {
    /// The number of observers. A notification takes no lock if it is 0.
    count: AtomicUsize,
    observers: Observers,
}

impl PollQueue {
    /// Makes the queue of a file.
    pub const fn new() -> Self {
        let observers = Observers::OfFile(IrqMutex::new(Rank::Observers, Vec::new()));
        Self { count: AtomicUsize::new(0), observers }
    }

    /// Makes the queue of a set of files, which observes files itself.
    pub const fn of_set() -> Self {
        let observers = Observers::OfSet(LockCell::new(&SETS, RefCell::new(Vec::new())));
        Self { count: AtomicUsize::new(0), observers }
    }

    /// Notifies all observers that the readiness of the file has changed. The caller has to store
    /// the change first.
    #[inline]
    pub fn notify(&self) {
        self.notify_of(Readiness::all());
    }

    /// Notifies all observers that the file may have become ready for `events`. The caller has to
    /// store the change first.
    #[inline]
    pub fn notify_of(&self, events: Readiness) {
        // Pairs with the fence in `watch`: either the observer is found here, or the watcher finds
        // the change.
        fence(Ordering::SeqCst);
        if self.count.load(Ordering::Relaxed) > 0 {
            self.notify_all(events);
        }
    }

    #[cold]
    fn notify_all(&self, events: Readiness) {
        match &self.observers {
            Observers::OfFile(list) => {
                for observer in list.lock().iter() {
                    if let Some(of_set) = observer.notify(events) {
                        of_set.notify_of(Readiness::IN);
                    }
                }
            }
            Observers::OfSet(_) => self.notify_sets(SETS.lock().parts().1),
        }
    }

    /// Notifies the observers of a set, and of the sets that contain it. The depth of nested sets
    /// is limited, and no set contains itself.
    fn notify_sets(&self, key: Key<'_>) {
        if let Observers::OfSet(list) = &self.observers {
            for observer in list.open(key).borrow().iter() {
                if let Some(of_set) = observer.notify(Readiness::IN) {
                    of_set.notify_sets(key);
                }
            }
        }
    }

    /// Changes the list, and updates the number of observers.
    fn change<R>(&self, change: impl FnOnce(&mut List) -> R) -> R {
        let counted = |list: &mut List| {
            let result = change(list);
            self.count.store(list.len(), Ordering::Relaxed);
            result
        };
        match &self.observers {
            Observers::OfFile(list) => counted(&mut list.lock()),
            Observers::OfSet(list) => counted(&mut list.open(SETS.lock().parts().1).borrow_mut()),
        }
    }

    /// Adds `observer`. The caller has to check the readiness afterwards, because a change before
    /// the call may not be notified.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn watch(&self, observer: &Arc<dyn Observer>) -> Result<(), FsError> {
        let mut larger = Vec::new();
        loop {
            // Allocates and frees only while the lock isn't held.
            let missing = self.change(|list| {
                if larger.capacity() > list.len() {
                    larger.append(list);
                    core::mem::swap(list, &mut larger);
                }
                if list.len() == list.capacity() {
                    return Some(list.len() + 1);
                }
                list.push(observer.clone());
                None
            });
            let Some(needed) = missing else {
                fence(Ordering::SeqCst);
                return Ok(());
            };
            larger = Vec::new();
            larger.try_reserve(needed.next_power_of_two())?;
        }
    }

    /// Removes `observer`, once. It is no longer notified.
    pub fn unwatch(&self, observer: &Arc<dyn Observer>) {
        let removed = self.change(|list| {
            let index = list.iter().position(|other| Arc::ptr_eq(other, observer));
            index.map(|index| list.swap_remove(index))
        });
        drop(removed);
    }
}

impl Default for PollQueue {
    fn default() -> Self {
        Self::new()
    }
}
