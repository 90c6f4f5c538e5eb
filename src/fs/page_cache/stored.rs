//! Pages that are stored outside of memory: reading them, and writing them back.

use alloc::boxed::Box;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use heapless::Vec as ShortVec;

use super::dirty::{self, DirtyPages, RUN_PAGES, Run};
use super::store::{PAGE_BYTES, PageStore};
use crate::fs::error::FsError;
use crate::fs::io::{BytesMut, Source};
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::mm::kernel::reclaim;
use crate::sync::{Mutex, Rank, SpinMutex};

/// The most pages that are read ahead at once.
const READ_AHEAD_PAGES: u64 = RUN_PAGES as u64;
/// The pages that the first read of a sequence reads.
const FIRST_READ_PAGES: u64 = 4;

/// Returns the bytes of the file for these bytes of a page.
fn bytes_of(index: u64, range: &Range<usize>) -> Range<u64> {
    let start = index * PAGE_BYTES;
    start + range.start as u64..start + range.end as u64
}

type Frames = ShortVec<SharedFrame, RUN_PAGES>;

/// The pages that are in memory.
pub(super) trait Residents {
    /// Returns this page, if it is in memory.
    ///
    /// # Errors
    /// [`FsError::NoMemory`] if no further owner of the frame can be counted.
    fn page(&self, index: u64) -> Result<Option<SharedFrame>, FsError>;

    /// Adds `new`, unless there is a page by now. Returns the page in memory, and `new` if it isn't that
    /// page.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    fn add(
        &self,
        index: u64,
        new: SharedFrame,
    ) -> Result<(SharedFrame, Option<SharedFrame>), FsError>;

    /// Removes the first page from `start` on that nothing else uses; returns it with its index.
    fn take_unused_from(&self, start: u64) -> Option<(u64, SharedFrame)>;

    /// Removes these pages.
    fn remove(&self, pages: Range<u64>);
}

/// The state of pages that are stored outside of memory.
pub(in crate::fs) struct Stored {
    store: Box<dyn PageStore>,
    /// Whether its users may free memory first: those of the structures of a file system may not.
    may_reclaim: bool,
    /// Held while pages are read from the store, written to it, or removed from memory.
    transfers: Mutex<()>,
    /// Protects the set of dirty pages; held for a few look-ups; not taken by interrupt handlers.
    dirty: SpinMutex<DirtyPages>,
    /// The page after the last one that was read, and the number of pages that were read.
    last_read: (AtomicU64, AtomicU64),
    /// The number of failed writes.
    failures: AtomicU32,
    /// The number of mappings by which programs may write.
    writable_mappings: AtomicU32,
}

impl Stored {
    /// Makes the state of clean pages, none of which is in memory. `rank` is that of their transfers.
    pub(super) fn new(store: Box<dyn PageStore>, rank: Rank) -> Self {
        Self {
            store,
            may_reclaim: rank == Rank::PageTransfers,
            transfers: Mutex::new(rank, ()),
            dirty: SpinMutex::new(Rank::Files, DirtyPages::new()),
            last_read: (AtomicU64::new(0), AtomicU64::new(0)),
            failures: AtomicU32::new(0),
            writable_mappings: AtomicU32::new(0),
        }
    }

    /// Returns the number of writes that have failed. A caller that remembers it can report each
    /// failure once.
    pub(in crate::fs) fn failures(&self) -> u32 {
        self.failures.load(Ordering::Acquire)
    }

    /// Counts a mapping by which programs may write.
    pub(in crate::fs) fn add_writable_mapping(&self) {
        self.writable_mappings.fetch_add(1, Ordering::AcqRel);
    }

    /// Removes such a mapping. Its pages are clean after the next time that they are written back.
    pub(in crate::fs) fn remove_writable_mapping(&self) {
        self.writable_mappings.fetch_sub(1, Ordering::AcqRel);
    }

    /// Returns this page; reads it, and up to `wanted` pages, if it isn't in memory. May wait.
    #[inline(never)]
    pub(super) fn page(
        &self,
        cache: &dyn Residents,
        index: u64,
        wanted: u64,
    ) -> Result<SharedFrame, FsError> {
        loop {
            if let Some(page) = cache.page(index)? {
                return Ok(page);
            }
            self.relieve();
            self.read(cache, index, wanted)?;
        }
    }

    /// Frees memory before a page is made, if little is free.
    fn relieve(&self) {
        if self.may_reclaim {
            reclaim::relieve();
        }
    }

    /// Returns the number of pages to read at a page that isn't in memory.
    fn window(&self, index: u64, wanted: u64) -> u64 {
        let (next, last) = &self.last_read;
        let is_sequential = next.load(Ordering::Relaxed) == index;
        let count = match is_sequential {
            true => (last.load(Ordering::Relaxed) * 2).max(FIRST_READ_PAGES),
            false => 1,
        };
        count.max(wanted).min(READ_AHEAD_PAGES)
    }

    /// Reads the page, and pages after it, if it isn't in memory by now.
    fn read(&self, cache: &dyn Residents, index: u64, wanted: u64) -> Result<(), FsError> {
        let _transfer = self.transfers.lock();
        if cache.page(index)?.is_some() {
            return Ok(());
        }
        let size_bytes = self.store.size_bytes();
        let end = size_bytes.div_ceil(PAGE_BYTES);
        if index >= end {
            let zeros = SharedFrame::try_new_zeroed(Purpose::Files).ok_or(FsError::NoMemory)?;
            return cache.add(index, zeros).map(drop);
        }
        let count = self.window(index, wanted).min(end - index);
        let mut pages = Frames::new();
        for at in index..index + count {
            if at > index && cache.page(at)?.is_some() {
                break;
            }
            match SharedFrame::try_allocate(Purpose::Files) {
                Some(page) => pages.push(page).expect("the window is limited"),
                None if pages.is_empty() => return Err(FsError::NoMemory),
                None => break,
            }
        }
        let result = match self.store.read(index, &pages) {
            Err(error) if pages.len() > 1 && error != FsError::NoMemory => {
                // Perhaps only a page that is read ahead can't be read.
                pages.truncate(1);
                self.store.read(index, &pages)
            }
            result => result,
        };
        result?;
        self.last_read.0.store(index + pages.len() as u64, Ordering::Relaxed);
        self.last_read.1.store(pages.len() as u64, Ordering::Relaxed);
        for (at, page) in (index..).zip(pages) {
            let stored = size_bytes - at * PAGE_BYTES;
            if stored < PAGE_BYTES {
                page.bytes(stored as usize..PAGE_BYTES as usize).zero();
            }
            match cache.add(at, page) {
                Err(error) if at == index => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes up to `len` bytes of `from`, which has that many, at `offset`. Returns the number of written
    /// bytes, and the error that ended the write early. May wait.
    #[inline(never)]
    pub(super) fn write(
        &self,
        cache: &dyn Residents,
        offset: u64,
        len: usize,
        from: &mut dyn Source,
    ) -> (usize, Result<(), FsError>) {
        self.throttle(cache);
        self.reserve_behind_the_end(offset, len as u64);
        let mut done = 0;
        let mut result = Ok(());
        while done < len && result.is_ok() {
            let at = offset + done as u64;
            let start = (at % PAGE_BYTES) as usize;
            let end = (PAGE_BYTES as usize).min(start + len - done);
            match self.write_page(cache, at / PAGE_BYTES, start..end, from) {
                Ok(copied) => {
                    done += copied;
                    if copied < end - start {
                        result = Err(FsError::BadAddress);
                    }
                }
                Err(error) => result = Err(error),
            }
        }
        if result.is_err() {
            let end = offset + done as u64;
            self.store.release(end.max(self.store.size_bytes()));
        }
        (done, result)
    }

    /// Makes the room that a write needs behind the end all at once, as far as there is some.
    fn reserve_behind_the_end(&self, offset: u64, len: u64) {
        let (start, end) = (offset.max(self.store.size_bytes()), offset.saturating_add(len));
        if end.saturating_sub(start) > PAGE_BYTES {
            // The write of the first page without room returns the error.
            let _ = self.store.reserve(start..end);
        }
    }

    /// Writes bytes of a page, which is then dirty. Returns the number of copied bytes.
    fn write_page(
        &self,
        cache: &dyn Residents,
        index: u64,
        range: Range<usize>,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        let is_whole = range == (0..PAGE_BYTES as usize);
        if is_whole && cache.page(index)?.is_none() {
            return self.write_new_page(cache, index, from);
        }
        let page = self.page(cache, index, 1)?;
        self.store.reserve(bytes_of(index, &range))?;
        let copied = from.fill(BytesMut::Frame(page.bytes(range.clone())));
        self.mark(index, range, false)?;
        Ok(copied)
    }

    /// Writes a whole page that need not be read, because it isn't in memory.
    fn write_new_page(
        &self,
        cache: &dyn Residents,
        index: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        let whole = 0..PAGE_BYTES as usize;
        self.relieve();
        let new = SharedFrame::try_allocate(Purpose::Files).ok_or(FsError::NoMemory)?;
        let copied = from.fill(BytesMut::Frame(new.bytes(whole.clone())));
        if copied < whole.len() {
            let page = self.page(cache, index, 1)?;
            self.store.reserve(bytes_of(index, &whole))?;
            page.bytes(0..copied).copy_from(new.bytes(0..copied));
        } else {
            // A reader must not find the new blocks before the page: their bytes are undefined.
            let _transfer = self.transfers.lock();
            self.store.reserve(bytes_of(index, &whole))?;
            let (page, unused) = cache.add(index, new)?;
            if let Some(new) = unused {
                // Another thread has read the page in the meantime.
                page.bytes(whole.clone()).copy_from(new.bytes(whole.clone()));
            }
        }
        self.mark(index, whole, false)?;
        Ok(copied)
    }

    /// Marks bytes of a page as changed.
    fn mark(&self, index: u64, range: Range<usize>, is_mapped: bool) -> Result<(), FsError> {
        let range = if self.store.is_by_sector() { range } else { 0..PAGE_BYTES as usize };
        let was_clean = self.dirty.lock().add(index, range, is_mapped)?;
        if was_clean { self.store.note_dirty() } else { Ok(()) }
    }

    /// Returns a page that a program may write at any time, by a shared mapping. May wait.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::NoMemory`], or the error of the device.
    pub(super) fn page_to_map(
        &self,
        cache: &dyn Residents,
        index: u64,
    ) -> Result<SharedFrame, FsError> {
        let page = self.page(cache, index, 1)?;
        let mut bytes = bytes_of(index, &(0..PAGE_BYTES as usize));
        bytes.end = bytes.end.min(self.store.size_bytes());
        self.store.reserve(bytes)?;
        self.mark(index, 0..PAGE_BYTES as usize, true)?;
        Ok(page)
    }

    /// Clears the bytes of the last page behind the new end of the file, and forgets what was changed
    /// in the pages behind it.
    pub(super) fn truncate(&self, cache: &dyn Residents, size_bytes: u64) -> Result<(), FsError> {
        let start = (size_bytes % PAGE_BYTES) as usize;
        if start > 0 {
            let index = size_bytes / PAGE_BYTES;
            let page = self.page(cache, index, 1)?;
            page.bytes(start..PAGE_BYTES as usize).zero();
            self.mark(index, start..PAGE_BYTES as usize, false)?;
        }
        let _transfer = self.transfers.lock();
        self.dirty.lock().remove(size_bytes.div_ceil(PAGE_BYTES)..u64::MAX);
        Ok(())
    }

    /// Writes all dirty pages to the store. May wait.
    ///
    /// # Errors
    /// The first error; the other pages are written all the same.
    pub(super) fn write_back(&self, cache: &dyn Residents) -> Result<(), FsError> {
        let _transfer = self.transfers.lock();
        let mut result = Ok(());
        let mut start = 0;
        loop {
            let Some(run) = self.dirty.lock().take_run(start) else {
                return result;
            };
            let written = self.write_run(cache, &run);
            if let Err(error) = written {
                self.failures.fetch_add(1, Ordering::AcqRel);
                result = result.and(Err(error));
            }
            let are_mapped = self.writable_mappings.load(Ordering::Acquire) > 0;
            let is_part = run.bytes.end - run.bytes.start < PAGE_BYTES;
            self.dirty.lock().remove_clean(run.pages.clone(), are_mapped && !is_part);
            start = if is_part { run.pages.start } else { run.pages.end };
        }
    }

    /// Writes pages to the store, but for those that were removed with the end of the file while a program
    /// was mapping them.
    fn write_run(&self, cache: &dyn Residents, run: &Run) -> Result<(), FsError> {
        let mut pages = Frames::new();
        let mut start = run.bytes.start;
        for index in run.pages.clone() {
            if let Some(page) = cache.page(index)? {
                pages.push(page).expect("a run has at most as many pages");
                continue;
            }
            if !pages.is_empty() {
                self.store.write(start..index * PAGE_BYTES, &pages)?;
                pages.clear();
            }
            start = (index + 1) * PAGE_BYTES;
        }
        if pages.is_empty() { Ok(()) } else { self.store.write(start..run.bytes.end, &pages) }
    }

    /// Writes dirty pages back if there are too many in the whole machine. An error is reported by
    /// [`failures`](Self::failures).
    fn throttle(&self, cache: &dyn Residents) {
        if dirty::are_too_many() {
            let _ = self.write_back(cache);
        }
    }

    /// Returns whether there is something to write back, or a program may change a page at any time.
    pub(super) fn is_dirty(&self) -> bool {
        !self.dirty.lock().is_empty()
    }

    /// Forgets what was changed within a range of bytes.
    pub(in crate::fs) fn discard(&self, bytes: Range<u64>) {
        let _transfer = self.transfers.lock();
        self.dirty.lock().remove_sectors(bytes);
    }

    /// Removes pages, with what was changed in them.
    pub(super) fn forget(&self, cache: &dyn Residents, pages: Range<u64>) {
        let _transfer = self.transfers.lock();
        self.dirty.lock().remove(pages.clone());
        cache.remove(pages);
    }

    /// Removes up to `most` clean pages that nothing else uses from memory. Returns their number. Does
    /// nothing while pages are transferred.
    pub(super) fn reclaim(&self, cache: &dyn Residents, most: u64) -> u64 {
        let Some(_transfer) = self.transfers.try_lock() else {
            return 0;
        };
        let mut freed = 0;
        let mut start = 0;
        while freed < most {
            let Some((index, page)) = cache.take_unused_from(start) else {
                break;
            };
            start = index + 1;
            // Checked after the page was removed, so that no writer can find it in between. A thread
            // that wants to read it has to wait for this one.
            if self.dirty.lock().contains(index) {
                // There is room in the tree, in the place that the page had.
                let _ = cache.add(index, page);
            } else {
                drop(page);
                freed += 1;
            }
        }
        freed
    }
}
