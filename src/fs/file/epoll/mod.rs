//! Sets of files, and waiting until some of them are ready: epoll(7).
//!
//! ```text
//! FileSet ── items ──► Item ──► its file, as long as that is open
//!    │                   ▲ │
//!    │    notify, queued │ │ slot
//!    │        the file's PollQueue
//!    └── ready ──► Ready: the slots of items that may be ready, and the waiting threads
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | [`events`] | the request of a program for a file |
//! | `item` | a file in a set, which observes the file |
//! | `items` | all files of a set |
//! | `ready` | the items that may be ready |
//! | `nesting` | sets in sets |
//!
//! A notification queues an item, without an allocation. A wait takes items from the queue and
//! checks their files, with no lock held. For edge-triggered and single events, it removes the item
//! first, so two threads never take the same notification. For others, it removes the item when it
//! isn't ready.
//!
//! Locks: the lock of the items (sleeping), then the lock of [`Ready`]. While one of them is held,
//! files are neither checked nor dropped.

pub mod events;
mod item;
mod items;
mod nesting;
mod ready;

use alloc::sync::Arc;
use core::sync::atomic::{Ordering, fence};

use super::anonymous;
use super::file_ops::{self, FileOps};
use super::open_file::OpenFile;
use super::open_flags::OpenFlags;
use super::poll::PollWait;
use super::readiness::{Observer, PollQueue, Readiness};
use crate::fs::error::FsError;
use crate::sync::{Mutex, Rank};
use blocking::WaitError;
use events::{Interest, SetEvents};
use item::Item;
use items::Items;
use nesting::{NestedSet, Nesting};
use ready::Ready;

/// A set of files.
pub struct FileSet {
    /// Protects the items; held to find or change one.
    items: Mutex<Items>,
    ready: Arc<Ready>,
    nesting: Nesting,
}

/// Makes a set without files.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn open() -> Result<Arc<OpenFile>, FsError> {
    let set = Arc::try_new(FileSet {
        items: Mutex::new(Rank::SpecialFile, Items::new()),
        ready: Ready::try_new()?,
        nesting: Nesting::new(),
    })?;
    anonymous::open("eventpoll", OpenFlags::READ_WRITE, set)
}

impl FileSet {
    /// Returns the set of an open file, if it is one.
    pub fn of(file: &OpenFile) -> Option<&Self> {
        file.special().and_then(|ops| file_ops::downcast(&**ops))
    }

    /// Adds `file`, with the descriptor `fd`.
    ///
    /// # Errors
    /// [`FsError::Exists`]; [`FsError::NotPermitted`] if the readiness of the file never changes;
    /// [`FsError::TooManyLinks`] if it is a set that contains this one, or is nested too deep;
    /// [`FsError::InvalidArgument`] if it is a set that is in too many sets, or whose wake-ups are
    /// requested to be exclusive; [`FsError::NoMemory`].
    pub fn add(&self, fd: u32, file: &Arc<OpenFile>, interest: Interest) -> Result<(), FsError> {
        if interest.events.contains(SetEvents::EXCLUSIVE)
            && (Self::of(file).is_some() || !interest.events.can_be_exclusive())
        {
            return Err(FsError::InvalidArgument);
        }
        let _nesting = match Self::of(file) {
            Some(inner) => Some(nesting::enter(self, inner, file.observer_count())?),
            None => None,
        };
        let item = self.insert(fd, file, interest)?;
        self.look_at(&item, file);
        Ok(())
    }

    fn insert(
        &self,
        fd: u32,
        file: &Arc<OpenFile>,
        interest: Interest,
    ) -> Result<Arc<Item>, FsError> {
        let mut items = self.items.lock();
        if items.find(fd, file).is_some() {
            return Err(FsError::Exists);
        }
        if let Some(gone) = items.last_of(fd).filter(|item| item.is_gone()).cloned() {
            self.remove_item(&mut items, &gone);
        }
        let slot = items.try_slot()?;
        self.ready.reserve(items.len())?;
        let interest = Interest { events: interest.events.asked(), ..interest };
        let item = Arc::try_new(Item::new(self.ready.clone(), slot, (fd, file), interest))?;
        items.add(item.clone())?;
        let observer: Arc<dyn Observer> = item.clone();
        if let Err(error) = file.watch(&observer) {
            self.remove_item(&mut items, &item);
            return Err(error);
        }
        Ok(item)
    }

    /// Removes an item that is no longer notified.
    fn remove_item(&self, items: &mut Items, item: &Item) {
        self.ready.forget(&item.place);
        // The item has only a weak reference to its file, so it can be dropped here.
        drop(items.remove(item));
    }

    /// Queues an item if its file is ready.
    fn look_at(&self, item: &Item, file: &OpenFile) {
        // Pairs with the fence of a notification: either the notification finds the item, or this
        // check finds the change.
        fence(Ordering::SeqCst);
        if !item.interest().events.reported(file.readiness()).is_empty() {
            self.ready.push(&item.place);
            self.ready.observers.notify_of(Readiness::IN);
        }
    }

    /// Changes the request for `file`, with the descriptor `fd`.
    ///
    /// # Errors
    /// [`FsError::NotFound`]; [`FsError::InvalidArgument`] if the old or the new request is
    /// exclusive.
    pub fn change(&self, fd: u32, file: &Arc<OpenFile>, interest: Interest) -> Result<(), FsError> {
        if interest.events.contains(SetEvents::EXCLUSIVE) {
            return Err(FsError::InvalidArgument);
        }
        let item = {
            let items = self.items.lock();
            let item = items.find(fd, file).ok_or(FsError::NotFound)?;
            if item.interest().events.contains(SetEvents::EXCLUSIVE) {
                return Err(FsError::InvalidArgument);
            }
            item.set_interest(Interest { events: interest.events.asked(), ..interest });
            item.clone()
        };
        self.look_at(&item, file);
        Ok(())
    }

    /// Removes `file`, with the descriptor `fd`.
    ///
    /// # Errors
    /// [`FsError::NotFound`].
    pub fn remove(&self, fd: u32, file: &Arc<OpenFile>) -> Result<(), FsError> {
        let mut items = self.items.lock();
        let item = items.find(fd, file).ok_or(FsError::NotFound)?.clone();
        let observer: Arc<dyn Observer> = item.clone();
        file.unwatch(&observer);
        self.remove_item(&mut items, &item);
        Ok(())
    }

    /// Waits until files are ready, and calls `found` with up to `max` of them. Returns their
    /// number; 0 if none is ready in time.
    ///
    /// # Errors
    /// [`FsError::Interrupted`], and the error of `found` for the first event.
    pub fn wait(
        &self,
        max: usize,
        wait: PollWait,
        mut found: impl FnMut(Readiness, u64) -> Result<(), FsError>,
    ) -> Result<usize, FsError> {
        let mut is_last = wait == PollWait::No;
        loop {
            let count = self.collect(max, &mut found)?;
            if count > 0 || is_last {
                return Ok(count);
            }
            is_last = !self.sleep(wait)?;
        }
    }

    /// Sleeps until the queue has an item; returns false if the time has passed.
    #[inline(never)]
    fn sleep(&self, wait: PollWait) -> Result<bool, FsError> {
        let has_item = || self.ready.len() > 0;
        match self.ready.waiters.wait_until_cancellable(wait.deadline_ns(), has_item) {
            Ok(()) => Ok(true),
            Err(WaitError::TimedOut) => Ok(false),
            Err(WaitError::Cancelled) => {
                self.wake_next();
                Err(FsError::Interrupted)
            }
        }
    }

    /// Wakes another thread if further files may be ready.
    fn wake_next(&self) {
        if self.ready.len() > 0 {
            self.ready.waiters.wake_one();
        }
    }

    /// Calls `found` with up to `max` files that are ready. Each item of the queue is checked once.
    fn collect(
        &self,
        max: usize,
        found: &mut impl FnMut(Readiness, u64) -> Result<(), FsError>,
    ) -> Result<usize, FsError> {
        let mut count = 0;
        let mut result = Ok(());
        for _ in 0..self.ready.len() {
            if count == max {
                break;
            }
            let Some((item, interest, file)) = self.take_first() else {
                break;
            };
            let Some(file) = file else {
                continue;
            };
            let readiness = match interest.events.stays_queued() {
                true => self.readiness_of_queued(&item, interest, &file),
                false => interest.events.reported(file.readiness()),
            };
            if readiness.is_empty() {
                continue;
            }
            result = found(readiness, interest.data);
            if result.is_err() {
                self.ready.remove(&item.place);
                self.ready.push_first(&item.place);
                break;
            }
            count += 1;
            if interest.events.contains(SetEvents::ONE_SHOT) {
                item.disable(interest.events);
            }
        }
        self.wake_next();
        match result {
            Err(error) if count == 0 => Err(error),
            _ => Ok(count),
        }
    }

    /// Returns the reported readiness of an item that is still in the queue; removes it from there
    /// if there is none.
    #[inline]
    fn readiness_of_queued(&self, item: &Item, interest: Interest, file: &OpenFile) -> Readiness {
        let readiness = interest.events.reported(file.readiness());
        if !readiness.is_empty() {
            return readiness;
        }
        self.ready.remove(&item.place);
        // A notification before the removal didn't queue the item again.
        let readiness = interest.events.reported(file.readiness());
        if !readiness.is_empty() {
            self.ready.push_again(&item.place);
        }
        readiness
    }

    /// Takes the first item that may be ready, with its request, and its file if that is open. The
    /// item is removed from the queue, or moved to its end if it stays queued while it is ready.
    #[inline]
    fn take_first(&self) -> Option<(Arc<Item>, Interest, Option<Arc<OpenFile>>)> {
        let items = self.items.lock();
        let slot = self.ready.first()?;
        let item = items.get(slot).expect("an item in the queue is in the set");
        let (interest, file) = (item.interest(), item.file());
        if file.is_none() || !interest.events.stays_queued() {
            self.ready.remove(&item.place);
        } else if self.ready.len() > 1 {
            self.ready.rotate(&item.place);
        }
        Some((item.clone(), interest, file))
    }

    /// Returns the file at `index` among those that may be ready, if it is open, and the events
    /// that are requested for it.
    fn ready_at(&self, index: usize) -> Option<(SetEvents, Arc<OpenFile>)> {
        let items = self.items.lock();
        let item = self.ready.at(index).and_then(|slot| items.get(slot))?;
        Some((item.interest().events, item.file()?))
    }
}

impl NestedSet for FileSet {
    fn nesting(&self) -> &Nesting {
        &self.nesting
    }

    fn for_each_inner(
        &self,
        action: &mut dyn FnMut(&Self) -> Result<(), FsError>,
    ) -> Result<(), FsError> {
        let len = self.items.lock().len();
        for slot in 0..len {
            // Files are dropped without the lock.
            let file = self.items.lock().get(slot as u32).and_then(|item| item.file());
            if let Some(inner) = file.as_deref().and_then(Self::of) {
                action(inner)?;
            }
        }
        Ok(())
    }
}

impl FileOps for FileSet {
    fn ignores_seeks(&self) -> bool {
        true
    }

    fn readiness(&self) -> Readiness {
        let is_ready = |index| {
            let found = self.ready_at(index);
            found.is_some_and(|(events, file)| !events.reported(file.readiness()).is_empty())
        };
        match (0..self.ready.len()).any(is_ready) {
            true => Readiness::IN,
            false => Readiness::empty(),
        }
    }

    fn poll_queue(&self) -> Option<&PollQueue> {
        Some(&self.ready.observers)
    }
}

impl Drop for FileSet {
    fn drop(&mut self) {
        let all = self.items.lock().take_all();
        for item in all.into_iter().flatten() {
            if let Some(file) = item.file() {
                let observer: Arc<dyn Observer> = item;
                file.unwatch(&observer);
            }
        }
    }
}
