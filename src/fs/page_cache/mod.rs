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
//! | [`pages`] | the pages in memory |
//! | [`copies`] | reads and writes |
//! | [`direct`] | reads and writes without the pages in memory |
//! | [`watchers`] | the objects that map pages |
//! | [`budget`] | the limit of the pages of a tmpfs |
//! | [`store`] | what a place outside of memory offers |
//! | [`stored`] | reading pages from a store, and writing them back |
//! | [`dirty`] | the pages that differ from what is stored |
//! | [`reported`] | the failures that an open file has reported |
//!
//! The lock of the pages is held to look up frames, but never while bytes are copied: a copy to or
//! from a program's memory may wait for a page, even of this file.

mod budget;
mod copies;
mod direct;
pub mod dirty;
mod pages;
mod reported;
pub mod store;
mod stored;
#[cfg(test)]
mod tests;
mod watchers;

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::ops::Range;

use volume::Stage;

use super::error::FsError;
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::mm::user::reverse_map::PrivateCopies;
use crate::sync::Rank;
use pages::Pages;
use store::PageStore;
use stored::Stored;
use watchers::Watchers;

pub use budget::PageBudget;
pub(in crate::fs) use reported::ReportedFailures;
pub use store::PAGE_BYTES;
pub use watchers::PageWatcher;

/// The pages of a file.
pub struct PageCache {
    pages: Pages,
    budget: Option<Arc<PageBudget>>,
    /// For pages that are stored outside of memory.
    stored: Option<Box<Stored>>,
    watchers: Watchers,
}

impl PageCache {
    /// Makes a cache without pages. Its pages will count against `budget`.
    pub(super) const fn new(budget: Option<Arc<PageBudget>>) -> Self {
        Self { pages: Pages::new(), budget, stored: None, watchers: Watchers::new() }
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
        self.stored().map_or(Ok(()), |stored| stored.write_back(&self.pages, Stage::Last))
    }

    /// Writes all dirty pages to where they are stored. What was written for an early stage comes
    /// first; after each early stage, `flush` is called. May wait.
    ///
    /// # Errors
    /// The first error of the device or of `flush`; the other pages are written all the same.
    pub(super) fn write_back_in_stages(
        &self,
        flush: impl Fn() -> Result<(), FsError>,
    ) -> Result<(), FsError> {
        let Some(stored) = self.stored() else {
            return Ok(());
        };
        let mut result = Ok(());
        for stage in [Stage::First, Stage::Second, Stage::Third] {
            if stored.is_due(stage) {
                result = result.and(stored.write_back(&self.pages, stage)).and_then(|()| flush());
            }
        }
        let last = stored.write_back(&self.pages, Stage::Last);
        result.and(last)
    }

    /// Returns the number of writes that have failed. A caller that remembers it can report each
    /// failure once.
    pub(super) fn failures(&self) -> u32 {
        self.stored().map_or(0, Stored::failures)
    }

    /// Returns whether there are pages to write back, or that a program may change at any time.
    pub(super) fn is_dirty(&self) -> bool {
        self.stored().is_some_and(Stored::is_dirty)
    }

    /// Removes up to `most` pages from memory that can be read again and that nothing uses. Returns
    /// their number.
    pub(super) fn reclaim(&self, most: u64) -> u64 {
        self.stored().map_or(0, |stored| stored.reclaim(&self.pages, most))
    }

    /// Returns a page that a program may write at any time, by a shared mapping. May wait.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::NoMemory`], or the error of the device.
    pub(super) fn page_to_map(&self, index: u64) -> Result<SharedFrame, FsError> {
        match self.stored() {
            Some(stored) => stored.page_to_map(&self.pages, index),
            None => self.page_or_new(index),
        }
    }

    /// Returns the number of pages.
    pub fn len(&self) -> u64 {
        self.pages.len()
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
        self.pages.get(index)
    }

    /// Calls `found` with each of `indexes` and its page, while the pages are locked; `None` for a
    /// hole, or if no further owner of the frame can be counted.
    pub fn find(&self, indexes: Range<u64>, found: impl FnMut(u64, Option<SharedFrame>)) {
        self.pages.for_each(indexes, found);
    }

    /// Returns the page with this index; reads it from where it is stored, or makes a page of zeros if
    /// it is a hole. May wait.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::NoMemory`], or the error of the device.
    pub fn page_or_new(&self, index: u64) -> Result<SharedFrame, FsError> {
        if let Some(stored) = self.stored() {
            return stored.page(&self.pages, index, 1);
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
        let added = self.pages.add(index, new);
        if !matches!(added, Ok((_, None))) {
            self.discharge(1);
        }
        added
    }

    /// Removes all bytes from `offset` on. May wait for the store, if there is one.
    ///
    /// # Errors
    /// The error of the device; then nothing has changed.
    pub(super) fn truncate(&self, offset: u64) -> Result<(), FsError> {
        let first = offset.div_ceil(PAGE_BYTES);
        match self.stored() {
            Some(stored) => stored.truncate(&self.pages, offset)?,
            None => self.clear(offset..first * PAGE_BYTES),
        }
        if first == 0 && !self.watchers.are_any() {
            self.discharge(self.pages.remove_all());
            return Ok(());
        }
        self.remove(first..u64::MAX, PrivateCopies::Unmapped);
        Ok(())
    }

    /// Makes a hole of the bytes in `range`.
    pub(super) fn punch(&self, range: Range<u64>) {
        let first = range.start.div_ceil(PAGE_BYTES);
        let end = range.end / PAGE_BYTES;
        if first > end {
            // The range is within a page.
            return self.clear(range);
        }
        self.clear(range.start..first * PAGE_BYTES);
        self.clear(end * PAGE_BYTES..range.end);
        self.remove(first..end, PrivateCopies::Kept);
    }

    /// Sets the bytes of `range`, which are in one page, to 0, if that is in memory.
    fn clear(&self, range: Range<u64>) {
        if !range.is_empty()
            && let Ok(Some(page)) = self.page(range.start / PAGE_BYTES)
        {
            let start = (range.start % PAGE_BYTES) as usize;
            page.bytes(start..start + (range.end - range.start) as usize).zero();
        }
    }

    /// Removes the pages with these indexes.
    fn remove(&self, range: Range<u64>, copies: PrivateCopies) {
        self.discharge(self.pages.remove(range.clone()));
        self.watchers.unmap(range, copies);
    }

    /// Returns the first offset from `offset` on that has a page, in bytes.
    pub(super) fn next_data(&self, offset: u64) -> Option<u64> {
        if self.stored.is_some() {
            // As on Linux's ext2, all bytes count as data: pages that aren't in memory are no holes.
            return Some(offset);
        }
        let found = self.pages.first_from(offset / PAGE_BYTES)?;
        Some(offset.max(found * PAGE_BYTES))
    }

    /// Returns the first offset from `offset` on that has no page, in bytes.
    pub(super) fn next_hole(&self, offset: u64) -> u64 {
        if self.stored.is_some() {
            return u64::MAX;
        }
        offset.max(self.pages.first_hole_from(offset / PAGE_BYTES) * PAGE_BYTES)
    }

    /// Adds an object that maps pages of this file.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn watch(&self, watcher: Weak<dyn PageWatcher>) -> Result<(), FsError> {
        self.watchers.add(watcher)
    }
}

impl Drop for PageCache {
    fn drop(&mut self) {
        self.discharge(self.pages.len());
    }
}
