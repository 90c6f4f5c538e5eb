//! The pages of a file in memory.
//!
//! Frames by their index in the file. A tmpfs stores its contents only here: an index without a frame
//! is a hole, which reads as zeros. The pages of a file on a disk have a [store](store::PageStore):
//! they are read from it when they are used first, and those that were changed are written back to
//! it. Mappings share the frames: [`PageCache::page`] and [`PageCache::page_or_new`] return counted
//! references.
//!
//! | module | what |
//! | --- | --- |
//! | [`budget`] | the limit of the pages of a tmpfs |
//! | [`store`] | what a place outside of memory offers |
//! | [`stored`] | reading pages from a store, and writing them back |
//! | [`dirty`] | the pages that differ from what is stored |
//!
//! The lock of the pages is held to look up frames, but never while bytes are copied: a copy to or
//! from a program's memory may wait for a page, even of this file.

mod budget;
pub mod dirty;
pub mod store;
mod stored;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::sync::Weak;
use alloc::vec::Vec;
use core::ops::{ControlFlow, Range};
use core::sync::atomic::{AtomicBool, Ordering};

use heapless::Vec as ShortVec;
use page_tree::PageTree;

use super::error::FsError;
use super::io::{Bytes, BytesMut, Sink, Source, done_or};
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::mm::user::reverse_map::PrivateCopies;
use crate::sync::{Rank, SpinMutex};
use store::PageStore;

pub use budget::PageBudget;
pub use store::PAGE_BYTES;
use stored::Residents;
pub(in crate::fs) use stored::Stored;

/// The number of pages that are looked up, or removed, while the lock is held once.
const BATCH: usize = 16;

/// An object that maps pages of a file, and unmaps those that are removed from the file.
pub trait PageWatcher: Send + Sync {
    /// Unmaps the pages with these indexes, which are no longer the file's, and their private
    /// copies if `copies` requires that. Called with the inode's lock held, and without spin locks
    /// of this room.
    fn pages_removed(&self, pages: Range<u64>, copies: PrivateCopies);
}

/// The pages of a file.
pub struct PageCache {
    /// Protects the pages; held for a few lookups; not taken by interrupt handlers.
    pages: SpinMutex<PageTree<SharedFrame>>,
    budget: Option<Arc<PageBudget>>,
    /// For pages that are stored outside of memory.
    stored: Option<Box<Stored>>,
    /// Protects the list of mappings; held to change or to copy it.
    watchers: SpinMutex<Vec<Weak<dyn PageWatcher>>>,
    /// Whether there may be watchers.
    is_watched: AtomicBool,
}

impl PageCache {
    /// Makes a cache without pages. Its pages will count against `budget`.
    pub(super) const fn new(budget: Option<Arc<PageBudget>>) -> Self {
        Self {
            pages: SpinMutex::new(Rank::Files, PageTree::new()),
            budget,
            stored: None,
            watchers: SpinMutex::new(Rank::Files, Vec::new()),
            is_watched: AtomicBool::new(false),
        }
    }

    /// Makes a cache without pages, whose pages are stored in `store`. `rank` is the rank of the lock
    /// that is held while pages are transferred.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_stored(store: Box<dyn PageStore>, rank: Rank) -> Result<Self, FsError> {
        let stored = Box::try_new(Stored::new(store, rank))?;
        let mut new = Self::new(None);
        new.stored = Some(stored);
        Ok(new)
    }

    /// Returns the state of pages that are stored outside of memory.
    #[inline]
    pub(super) fn stored(&self) -> Option<&Stored> {
        self.stored.as_deref()
    }

    /// Writes all dirty pages to where they are stored. May wait.
    ///
    /// # Errors
    /// The first error of the device; the other pages are written all the same.
    pub(super) fn write_back(&self) -> Result<(), FsError> {
        self.stored().map_or(Ok(()), |stored| stored.write_back(self))
    }

    /// Returns whether there are pages to write back, or that a program may change at any time.
    pub(super) fn is_dirty(&self) -> bool {
        self.stored().is_some_and(Stored::is_dirty)
    }

    /// Removes up to `most` pages from memory that can be read again and that nothing uses. Returns
    /// their number.
    pub(super) fn reclaim(&self, most: u64) -> u64 {
        self.stored().map_or(0, |stored| stored.reclaim(self, most))
    }

    /// Removes the pages with bytes of `range` from memory, with what was changed in them, because the
    /// bytes have been stored in another way.
    pub(super) fn forget(&self, range: Range<u64>) {
        if let Some(stored) = self.stored() {
            stored.forget(self, range.start / PAGE_BYTES..range.end.div_ceil(PAGE_BYTES));
        }
    }

    /// Returns a page that a program may write at any time, by a shared mapping. May wait.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::NoMemory`], or the error of the device.
    pub(super) fn page_to_map(&self, index: u64) -> Result<SharedFrame, FsError> {
        match self.stored() {
            Some(stored) => stored.page_to_map(self, index),
            None => self.page_or_new(index),
        }
    }

    /// Returns the number of pages.
    pub fn len(&self) -> u64 {
        self.pages.lock().len()
    }

    /// Returns whether there are no pages.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the page with this index; `None` for a hole, or if it isn't in memory.
    ///
    /// # Errors
    /// [`FsError::NoMemory`] if no further owner of the frame can be counted.
    #[inline]
    pub fn page(&self, index: u64) -> Result<Option<SharedFrame>, FsError> {
        let pages = self.pages.lock();
        pages.get(index).map(SharedFrame::try_clone).transpose().map_err(|_| FsError::NoMemory)
    }

    /// Calls `found` with each of `indexes` and its page, while the pages are locked; `None` for a
    /// hole, or if no further owner of the frame can be counted.
    pub fn find(&self, indexes: Range<u64>, mut found: impl FnMut(u64, Option<SharedFrame>)) {
        let pages = self.pages.lock();
        for index in indexes {
            found(index, pages.get(index).and_then(|page| page.try_clone().ok()));
        }
    }

    /// Returns the page with this index; reads it from where it is stored, or makes a page of zeros if
    /// it is a hole. May wait.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::NoMemory`], or the error of the device.
    pub fn page_or_new(&self, index: u64) -> Result<SharedFrame, FsError> {
        if let Some(stored) = self.stored() {
            return stored.page(self, index, 1);
        }
        if let Some(page) = self.page(index)? {
            return Ok(page);
        }
        self.charge()?;
        let Some(new) = SharedFrame::try_new_zeroed(Purpose::Files) else {
            self.discharge(1);
            return Err(FsError::NoMemory);
        };
        let (page, _unused) = self.add(index, new)?;
        Ok(page)
    }

    /// Makes `frame` the page with this index, if that is a hole; an existing page stays.
    ///
    /// # Errors
    /// [`FsError::NoSpace`] or [`FsError::NoMemory`].
    pub(super) fn put(&self, index: u64, frame: SharedFrame) -> Result<(), FsError> {
        self.charge()?;
        self.add(index, frame).map(drop)
    }

    fn charge(&self) -> Result<(), FsError> {
        self.budget.as_ref().map_or(Ok(()), |budget| budget.take())
    }

    fn discharge(&self, pages: u64) {
        if let Some(budget) = &self.budget {
            budget.put_back(pages);
        }
    }

    /// Adds `new`, which was counted in the budget, unless another page was added first. Returns
    /// the page of the file, and `new` if it isn't that page.
    fn add(
        &self,
        index: u64,
        new: SharedFrame,
    ) -> Result<(SharedFrame, Option<SharedFrame>), FsError> {
        let mut pages = self.pages.lock();
        if let Some(page) = pages.get(index) {
            let page = page.try_clone().map_err(|_| FsError::NoMemory);
            drop(pages);
            self.discharge(1);
            return Ok((page?, Some(new)));
        }
        let added = new.try_clone().map_err(|_| FsError::NoMemory);
        let added = added.and_then(|page| Ok(pages.try_insert(index, page)?));
        drop(pages);
        match added {
            Ok(_) => Ok((new, None)),
            Err(error) => {
                self.discharge(1);
                Err(error)
            }
        }
    }

    /// Copies up to `len` bytes from `offset` on to `to`, which has room for them. Returns the
    /// number of copied bytes.
    ///
    /// # Errors
    /// [`FsError::BadAddress`] if none could be copied; [`FsError::NoMemory`].
    pub(super) fn read(
        &self,
        offset: u64,
        len: usize,
        to: &mut dyn Sink,
    ) -> Result<usize, FsError> {
        let mut done = 0;
        while done < len {
            let at = offset + done as u64;
            let first = at / PAGE_BYTES;
            let last = (offset + (len - 1) as u64) / PAGE_BYTES;
            let count = (last - first + 1).min(BATCH as u64);
            let mut batch = ShortVec::<Option<SharedFrame>, BATCH>::new();
            {
                let pages = self.pages.lock();
                for index in first..first + count {
                    let page = pages.get(index).map(SharedFrame::try_clone).transpose();
                    let page = page.map_err(|_| FsError::NoMemory)?;
                    batch.push(page).expect("the batch has room for as many");
                }
            }
            let mut start = (at % PAGE_BYTES) as usize;
            for (index, page) in (first..).zip(&mut batch) {
                let end = (PAGE_BYTES as usize).min(start + len - done);
                if page.is_none()
                    && let Some(stored) = self.stored()
                {
                    match stored.page(self, index, last - index + 1) {
                        Ok(found) => *page = Some(found),
                        Err(error) => return done_or(done, error),
                    }
                }
                let bytes = match page {
                    Some(page) => Bytes::Frame(page.bytes(start..end)),
                    None => Bytes::Zeros(end - start),
                };
                let copied = to.put(bytes);
                done += copied;
                if copied < end - start {
                    return done_or(done, FsError::BadAddress);
                }
                start = 0;
            }
        }
        Ok(done)
    }

    /// Copies up to `len` bytes of `from`, which has that many, to `offset` and after it. Returns
    /// the number of copied bytes, and the error that ended the copy early.
    pub(super) fn write(
        &self,
        offset: u64,
        len: usize,
        from: &mut dyn Source,
    ) -> (usize, Result<(), FsError>) {
        if let Some(stored) = self.stored() {
            return stored.write(self, offset, len, from);
        }
        let mut done = 0;
        while done < len {
            let at = offset + done as u64;
            let start = (at % PAGE_BYTES) as usize;
            let end = (PAGE_BYTES as usize).min(start + len - done);
            match self.write_page(at / PAGE_BYTES, start..end, from) {
                Ok(copied) => {
                    done += copied;
                    if copied < end - start {
                        return (done, Err(FsError::BadAddress));
                    }
                }
                Err(error) => return (done, Err(error)),
            }
        }
        (done, Ok(()))
    }

    fn write_page(
        &self,
        index: u64,
        range: Range<usize>,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        if let Some(page) = self.page(index)? {
            return Ok(from.fill(BytesMut::Frame(page.bytes(range))));
        }
        self.charge()?;
        let Some(new) = SharedFrame::try_allocate(Purpose::Files) else {
            self.discharge(1);
            return Err(FsError::NoMemory);
        };
        // The page is filled before other threads can access it, so only its other bytes have to be
        // cleared.
        let copied = from.fill(BytesMut::Frame(new.bytes(range.clone())));
        new.bytes(0..range.start).zero();
        new.bytes(range.start + copied..PAGE_BYTES as usize).zero();
        let (page, unused) = self.add(index, new)?;
        if let Some(new) = unused {
            // A mapping has added a page in the meantime.
            let range = range.start..range.start + copied;
            page.bytes(range.clone()).copy_from(new.bytes(range));
        }
        Ok(copied)
    }

    /// Removes all bytes from `offset` on. May wait for the store, if there is one.
    ///
    /// # Errors
    /// The error of the device; then nothing has changed.
    pub(super) fn truncate(&self, offset: u64) -> Result<(), FsError> {
        let first = offset.div_ceil(PAGE_BYTES);
        if let Some(stored) = self.stored() {
            stored.truncate(self, offset)?;
        }
        if !offset.is_multiple_of(PAGE_BYTES)
            && let Ok(Some(page)) = self.page(offset / PAGE_BYTES)
        {
            page.bytes((offset % PAGE_BYTES) as usize..PAGE_BYTES as usize).zero();
        }
        if first == 0 && !self.is_watched.load(Ordering::Acquire) {
            // Takes all pages at once; they are freed without the lock.
            let all = core::mem::take(&mut *self.pages.lock());
            self.discharge(all.len());
            return Ok(());
        }
        self.remove(first..u64::MAX, PrivateCopies::Unmapped);
        Ok(())
    }

    /// Makes a hole of the bytes in `range`.
    pub(super) fn punch(&self, range: Range<u64>) {
        let first = range.start.div_ceil(PAGE_BYTES);
        let end = range.end / PAGE_BYTES;
        let zero = |part: Range<u64>| {
            if let Ok(Some(page)) = self.page(part.start / PAGE_BYTES)
                && !part.is_empty()
            {
                let start = (part.start % PAGE_BYTES) as usize;
                page.bytes(start..start + (part.end - part.start) as usize).zero();
            }
        };
        if first > end {
            // The range is within a page.
            return zero(range);
        }
        zero(range.start..first * PAGE_BYTES);
        zero(end * PAGE_BYTES..range.end);
        self.remove(first..end, PrivateCopies::Kept);
    }

    /// Removes the pages with these indexes.
    fn remove(&self, range: Range<u64>, copies: PrivateCopies) {
        loop {
            let mut batch = ShortVec::<SharedFrame, BATCH>::new();
            {
                let mut pages = self.pages.lock();
                while !batch.is_full()
                    && let Some((_, page)) = pages.remove_first_in(range.clone())
                {
                    batch.push(page).expect("it isn't full");
                }
            }
            if batch.is_empty() {
                break;
            }
            self.discharge(batch.len() as u64);
        }
        if self.is_watched.load(Ordering::Acquire) {
            self.tell_watchers(range, copies);
        }
    }

    /// Returns the first offset from `offset` on that has a page, in bytes.
    pub(super) fn next_data(&self, offset: u64) -> Option<u64> {
        if self.stored.is_some() {
            // As on Linux's ext2, all bytes count as data: pages that aren't in memory are no holes.
            return Some(offset);
        }
        let found = self.pages.lock().first_from(offset / PAGE_BYTES).map(|(index, _)| index)?;
        Some(offset.max(found * PAGE_BYTES))
    }

    /// Returns the first offset from `offset` on that has no page, in bytes.
    pub(super) fn next_hole(&self, offset: u64) -> u64 {
        if self.stored.is_some() {
            return u64::MAX;
        }
        let mut index = offset / PAGE_BYTES;
        loop {
            // Checks a limited number of pages while the lock is held once, because the file may be
            // long.
            let pages = self.pages.lock();
            for _ in 0..64 * BATCH {
                if pages.get(index).is_none() {
                    return offset.max(index * PAGE_BYTES);
                }
                index += 1;
            }
        }
    }

    /// Adds an object that maps pages of this file.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn watch(&self, watcher: Weak<dyn PageWatcher>) -> Result<(), FsError> {
        let mut watchers = self.watchers.lock();
        // The other watchers keep their places, because a notification may be running. The new
        // watcher has no mapped page yet.
        match watchers.iter_mut().find(|other| other.strong_count() == 0) {
            Some(ended) => *ended = watcher,
            None => {
                watchers.try_reserve(1)?;
                watchers.push(watcher);
            }
        }
        self.is_watched.store(true, Ordering::Release);
        Ok(())
    }

    fn tell_watchers(&self, range: Range<u64>, copies: PrivateCopies) {
        let mut index = 0;
        loop {
            let watcher = self.watchers.lock().get(index).map(Weak::upgrade);
            match watcher {
                Some(Some(watcher)) => watcher.pages_removed(range.clone(), copies),
                Some(None) => {}
                None => return,
            }
            index += 1;
        }
    }
}

impl Residents for PageCache {
    fn page(&self, index: u64) -> Result<Option<SharedFrame>, FsError> {
        self.page(index)
    }

    fn add(
        &self,
        index: u64,
        new: SharedFrame,
    ) -> Result<(SharedFrame, Option<SharedFrame>), FsError> {
        self.add(index, new)
    }

    fn take_unused_from(&self, start: u64) -> Option<(u64, SharedFrame)> {
        let mut pages = self.pages.lock();
        let found = pages.try_for_each_from(start, |index, page| match page.owners() {
            1 => ControlFlow::Break(index),
            _ => ControlFlow::Continue(()),
        });
        found.and_then(|index| pages.remove(index).map(|page| (index, page)))
    }

    fn remove(&self, pages: Range<u64>) {
        self.remove(pages, PrivateCopies::Kept);
    }
}

impl Drop for PageCache {
    fn drop(&mut self) {
        let count = self.pages.lock().len();
        self.discharge(count);
    }
}
