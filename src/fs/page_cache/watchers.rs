//! The objects that map pages of a file.

use alloc::sync::Weak;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::fs::error::FsError;
use crate::mm::user::reverse_map::PrivateCopies;
use crate::sync::{Rank, SpinMutex};

/// An object that maps pages of a file, and unmaps those that are removed from the file.
pub trait PageWatcher: Send + Sync {
    /// Unmaps the pages with these indexes, which are no longer the file's, and their private
    /// copies if `copies` requires that. Called with the inode's lock held, and without spin locks
    /// of this room.
    fn pages_removed(&self, pages: Range<u64>, copies: PrivateCopies);
}

/// The objects that map pages of a file.
pub(super) struct Watchers {
    /// Protects the list; held to change it or to copy an entry; not taken by interrupt handlers.
    list: SpinMutex<Vec<Weak<dyn PageWatcher>>>,
    /// Whether there may be some.
    are_any: AtomicBool,
}

impl Watchers {
    pub(super) const fn new() -> Self {
        Self { list: SpinMutex::new(Rank::Files, Vec::new()), are_any: AtomicBool::new(false) }
    }

    /// Returns whether there may be some.
    pub(super) fn are_any(&self) -> bool {
        self.are_any.load(Ordering::Acquire)
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn add(&self, watcher: Weak<dyn PageWatcher>) -> Result<(), FsError> {
        let mut list = self.list.lock();
        // The other watchers keep their places, because a notification may be running. The new
        // watcher has no mapped page yet.
        match list.iter_mut().find(|other| other.strong_count() == 0) {
            Some(ended) => *ended = watcher,
            None => {
                list.try_reserve(1)?;
                list.push(watcher);
            }
        }
        self.are_any.store(true, Ordering::Release);
        Ok(())
    }

    /// Unmaps pages that were removed from the file, and their private copies if `copies` requires
    /// that.
    pub(super) fn unmap(&self, pages: Range<u64>, copies: PrivateCopies) {
        if !self.are_any() {
            return;
        }
        let mut index = 0;
        loop {
            let watcher = self.list.lock().get(index).map(Weak::upgrade);
            match watcher {
                Some(Some(watcher)) => watcher.pages_removed(pages.clone(), copies),
                Some(None) => {}
                None => return,
            }
            index += 1;
        }
    }
}
