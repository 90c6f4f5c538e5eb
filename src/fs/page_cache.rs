//! The pages of a file in memory.
//!
//! Frames by their index in the file; an index without a frame is a hole, which reads as zeros. A
//! tmpfs stores its contents only here. Mappings share the frames: [`PageCache::page`] and
//! [`PageCache::page_or_new`] return counted references.
//!
//! The lock of the pages is held to look up frames, but never while bytes are copied: a copy to or
//! from a program's memory may wait for a page, even of this file.

use alloc::sync::Arc;
use alloc::sync::Weak;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use heapless::Vec as ShortVec;
use page_tree::PageTree;

use super::error::FsError;
use super::io::{Bytes, BytesMut, Sink, Source, done_or};
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::mm::kernel::layout::FRAME_BYTES;
use crate::mm::user::reverse_map::PrivateCopies;
use crate::sync::{Rank, SpinMutex};

/// The size of a page, in bytes.
pub const PAGE_BYTES: u64 = FRAME_BYTES;

/// The number of pages that are looked up, or removed, while the lock is held once.
const BATCH: usize = 16;

/// A limit of the number of pages of all files of a file system.
#[derive(Debug)]
pub struct PageBudget {
    limit: u64,
    used: AtomicU64,
}

impl PageBudget {
    /// Makes a budget of `limit` pages.
    pub const fn new(limit: u64) -> Self {
        Self { limit, used: AtomicU64::new(0) }
    }

    /// Returns the limit.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Returns the number of used pages.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Counts a page as used.
    ///
    /// # Errors
    /// [`FsError::NoSpace`].
    pub(super) fn take(&self) -> Result<(), FsError> {
        let one_more = |used| if used < self.limit { Some(used + 1) } else { None };
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        taken.map(drop).map_err(|_| FsError::NoSpace)
    }

    /// Counts pages as no longer used.
    pub(super) fn put_back(&self, pages: u64) {
        self.used.fetch_sub(pages, Ordering::Relaxed);
    }
}

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
            watchers: SpinMutex::new(Rank::Files, Vec::new()),
            is_watched: AtomicBool::new(false),
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

    /// Returns the page with this index; `None` for a hole.
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

    /// Returns the page with this index; makes a page of zeros if it is a hole.
    ///
    /// # Errors
    /// [`FsError::NoSpace`] or [`FsError::NoMemory`].
    pub fn page_or_new(&self, index: u64) -> Result<SharedFrame, FsError> {
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
            for page in &batch {
                let end = (PAGE_BYTES as usize).min(start + len - done);
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

    /// Removes all bytes from `offset` on.
    pub(super) fn truncate(&self, offset: u64) {
        let first = offset.div_ceil(PAGE_BYTES);
        if !offset.is_multiple_of(PAGE_BYTES)
            && let Ok(Some(page)) = self.page(offset / PAGE_BYTES)
        {
            page.bytes((offset % PAGE_BYTES) as usize..PAGE_BYTES as usize).zero();
        }
        if first == 0 && !self.is_watched.load(Ordering::Acquire) {
            // Takes all pages at once; they are freed without the lock.
            let all = core::mem::take(&mut *self.pages.lock());
            return self.discharge(all.len());
        }
        self.remove(first..u64::MAX, PrivateCopies::Unmapped);
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
        let found = self.pages.lock().first_from(offset / PAGE_BYTES).map(|(index, _)| index)?;
        Some(offset.max(found * PAGE_BYTES))
    }

    /// Returns the first offset from `offset` on that has no page, in bytes.
    pub(super) fn next_hole(&self, offset: u64) -> u64 {
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

impl Drop for PageCache {
    fn drop(&mut self) {
        let count = self.pages.lock().len();
        self.discharge(count);
    }
}
