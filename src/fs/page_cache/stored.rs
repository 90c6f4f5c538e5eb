//! Pages that are stored outside of memory: reading them, and writing them back.

use alloc::boxed::Box;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use heapless::Vec as ShortVec;
use volume::Stage;

use super::dirty::{self, DirtyPages, RUN_PAGES, Run};
use super::pages::Pages;
use super::store::{PAGE_BYTES, PageStore};
use crate::block::transfers::Transfers;
use crate::fs::error::FsError;
use crate::fs::io::{BytesMut, Source};
use crate::mm::kernel::frames::{Purpose, SharedFrame, parts};
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

/// The most runs that are written at once.
const RUNS_MAX: usize = 16;

/// Runs whose writes have begun, and whether their pages stay dirty.
type BegunRuns = ShortVec<(Run, bool), RUNS_MAX>;

/// The state of pages that are stored outside of memory.
pub(in crate::fs) struct Stored {
    store: Box<dyn PageStore>,
    /// Whether its users may free memory first: those of the structures of a file system may not.
    may_reclaim: bool,
    /// Held while pages are read from the store, written to it, or removed from memory.
    transfers: Mutex<()>,
    /// Protects the set of dirty pages; held for a few look-ups; not taken by interrupt handlers. May be
    /// taken while the pages are locked, but not the other way round. A page is marked here by a thread
    /// that has a reference to it until after that, so that it isn't removed before.
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
            dirty: SpinMutex::new(Rank::DirtyPages, DirtyPages::new()),
            last_read: (AtomicU64::new(0), AtomicU64::new(0)),
            failures: AtomicU32::new(0),
            writable_mappings: AtomicU32::new(0),
        }
    }

    /// Returns the place where the pages are stored.
    pub(super) fn store(&self) -> &dyn PageStore {
        &*self.store
    }

    /// Returns the number of writes that have failed.
    pub(super) fn failures(&self) -> u32 {
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
        pages: &Pages,
        index: u64,
        wanted: u64,
    ) -> Result<SharedFrame, FsError> {
        loop {
            if let Some(page) = pages.get(index)? {
                return Ok(page);
            }
            self.relieve();
            self.read(pages, index, wanted)?;
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
    fn read(&self, pages: &Pages, index: u64, wanted: u64) -> Result<(), FsError> {
        let _transfer = self.transfers.lock();
        if pages.get(index)?.is_some() {
            return Ok(());
        }
        let size_bytes = self.store.size_bytes();
        let end = size_bytes.div_ceil(PAGE_BYTES);
        if index >= end {
            let zeros = SharedFrame::try_new_zeroed(Purpose::Files).ok_or(FsError::NoMemory)?;
            return pages.add(index, zeros).map(drop);
        }
        let count = self.window(index, wanted).min(end - index);
        let mut new = Frames::new();
        for at in index..index + count {
            if at > index && pages.get(at)?.is_some() {
                break;
            }
            match SharedFrame::try_allocate(Purpose::Files) {
                Some(page) => new.push(page).expect("the window is limited"),
                None if new.is_empty() => return Err(FsError::NoMemory),
                None => break,
            }
        }
        let bytes = |pages: &Frames| index * PAGE_BYTES..(index + pages.len() as u64) * PAGE_BYTES;
        let result = match self.store.read(bytes(&new), &new) {
            Err(error) if new.len() > 1 && error != FsError::NoMemory => {
                // Perhaps only a page that is read ahead can't be read.
                new.truncate(1);
                self.store.read(bytes(&new), &new)
            }
            result => result,
        };
        result?;
        self.last_read.0.store(index + new.len() as u64, Ordering::Relaxed);
        self.last_read.1.store(new.len() as u64, Ordering::Relaxed);
        for (at, page) in (index..).zip(new) {
            let stored = size_bytes - at * PAGE_BYTES;
            if stored < PAGE_BYTES {
                page.bytes(stored as usize..PAGE_BYTES as usize).zero();
            }
            match pages.add(at, page) {
                Err(error) if at == index => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Prepares a write: writes dirty pages back if there are too many, and makes the room that it needs
    /// behind the end all at once, as far as there is some. May wait.
    #[inline(never)]
    pub(super) fn begin_write(&self, pages: &Pages, offset: u64, len_bytes: u64) {
        self.throttle(pages);
        let (start, end) = (offset.max(self.store.size_bytes()), offset.saturating_add(len_bytes));
        if end.saturating_sub(start) > PAGE_BYTES {
            // The write of the first page without room returns the error.
            let _ = self.store.reserve(start..end);
        }
    }

    /// Gives back the room that a write needs no more, because an error has ended it at `end`.
    pub(super) fn end_write_early(&self, end: u64) {
        self.store.release(end.max(self.store.size_bytes()));
    }

    /// Writes bytes of a page, which is then dirty. Returns the number of copied bytes.
    #[inline(never)]
    pub(super) fn write_page(
        &self,
        pages: &Pages,
        index: u64,
        range: Range<usize>,
        from: &mut dyn Source,
        stage: Stage,
    ) -> Result<usize, FsError> {
        let is_whole = range == (0..PAGE_BYTES as usize);
        if is_whole && pages.get(index)?.is_none() {
            return self.write_new_page(pages, index, from, stage);
        }
        let page = self.page(pages, index, 1)?;
        self.store.reserve(bytes_of(index, &range))?;
        let copied = from.fill(BytesMut::Frame(page.bytes(range.clone())));
        self.mark(index, range, false, stage)?;
        Ok(copied)
    }

    /// Writes a whole page that need not be read, because it isn't in memory.
    fn write_new_page(
        &self,
        pages: &Pages,
        index: u64,
        from: &mut dyn Source,
        stage: Stage,
    ) -> Result<usize, FsError> {
        let whole = 0..PAGE_BYTES as usize;
        self.relieve();
        let new = SharedFrame::try_allocate(Purpose::Files).ok_or(FsError::NoMemory)?;
        let copied = from.fill(BytesMut::Frame(new.bytes(whole.clone())));
        let page = if copied < whole.len() {
            let page = self.page(pages, index, 1)?;
            self.store.reserve(bytes_of(index, &whole))?;
            page.bytes(0..copied).copy_from(new.bytes(0..copied));
            page
        } else {
            // A reader must not find the new blocks before the page: their bytes are undefined.
            let _transfer = self.transfers.lock();
            self.store.reserve(bytes_of(index, &whole))?;
            let (page, unused) = pages.add(index, new)?;
            if let Some(new) = unused {
                // Another thread has read the page in the meantime.
                page.bytes(whole.clone()).copy_from(new.bytes(whole.clone()));
            }
            page
        };
        let marked = self.mark(index, whole, false, stage);
        // Only now: a page that nothing uses and that isn't marked is removed from memory.
        drop(page);
        marked.map(|()| copied)
    }

    /// Marks bytes of a page as changed, to which the caller has a reference.
    fn mark(
        &self,
        index: u64,
        range: Range<usize>,
        is_mapped: bool,
        stage: Stage,
    ) -> Result<(), FsError> {
        let range = if self.store.is_by_sector() { range } else { 0..PAGE_BYTES as usize };
        let was_clean = self.dirty.lock().add(index, range, is_mapped, stage)?;
        if was_clean { self.store.note_dirty() } else { Ok(()) }
    }

    /// Returns a page that a program may write at any time, by a shared mapping. May wait.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::NoMemory`], or the error of the device.
    pub(super) fn page_to_map(&self, pages: &Pages, index: u64) -> Result<SharedFrame, FsError> {
        let page = self.page(pages, index, 1)?;
        let mut bytes = bytes_of(index, &(0..PAGE_BYTES as usize));
        bytes.end = bytes.end.min(self.store.size_bytes());
        self.store.reserve(bytes)?;
        self.mark(index, 0..PAGE_BYTES as usize, true, Stage::Last)?;
        Ok(page)
    }

    /// Clears the bytes of the last page behind the new end of the file, and forgets what was changed
    /// in the pages behind it.
    pub(super) fn truncate(&self, pages: &Pages, size_bytes: u64) -> Result<(), FsError> {
        let start = (size_bytes % PAGE_BYTES) as usize;
        if start > 0 {
            let index = size_bytes / PAGE_BYTES;
            let page = self.page(pages, index, 1)?;
            page.bytes(start..PAGE_BYTES as usize).zero();
            self.mark(index, start..PAGE_BYTES as usize, false, Stage::Last)?;
        }
        let _transfer = self.transfers.lock();
        self.dirty.lock().remove(size_bytes.div_ceil(PAGE_BYTES)..u64::MAX);
        Ok(())
    }

    /// Writes what is dirty of `stage` and of earlier ones to the store: with [`Stage::Last`], all. May
    /// wait.
    ///
    /// # Errors
    /// The first error; the other pages are written all the same.
    pub(super) fn write_back(&self, pages: &Pages, stage: Stage) -> Result<(), FsError> {
        let _transfer = self.transfers.lock();
        let mut transfers = Transfers::new();
        let mut begun = BegunRuns::new();
        let mut result = Ok(());
        let mut start = 0;
        loop {
            if begun.is_full() {
                result = result.and(self.finish(&mut begun, stage, &mut transfers));
            }
            let Some(run) = self.dirty.lock().take_run(start, stage) else {
                return result.and(self.finish(&mut begun, stage, &mut transfers));
            };
            let is_part = run.bytes.end - run.bytes.start < PAGE_BYTES;
            start = if is_part { run.pages.start } else { run.pages.end };
            // Before they are written: a program whose mapping ends meanwhile may have changed them after
            // their bytes were taken. After they were chosen: a mapping that has marked them by then is
            // counted.
            let are_mapped = self.writable_mappings.load(Ordering::Acquire) > 0;
            let written = self.begin_run(pages, &run, &mut transfers);
            if written == Err(FsError::NoMemory) {
                // Nothing is wrong with the device: the next time it may be possible.
                self.mark_again(&run, stage);
                start = run.pages.end;
            } else {
                let is_pushed = begun.push((run, are_mapped && !is_part)).is_ok();
                debug_assert!(is_pushed, "it isn't full");
                self.count_failure(written);
            }
            result = result.and(written);
        }
    }

    /// Waits until the writes of `begun` have ended, and marks their pages as clean, unless they have
    /// changed since, or a program may write them at any time.
    fn finish(
        &self,
        begun: &mut BegunRuns,
        stage: Stage,
        transfers: &mut Transfers<'_>,
    ) -> Result<(), FsError> {
        let ended = transfers.finish().map_err(FsError::from);
        for (run, are_mapped) in core::mem::take(begun) {
            match ended {
                Err(FsError::NoMemory) => self.mark_again(&run, stage),
                _ => self.dirty.lock().remove_clean(run.pages, are_mapped),
            }
        }
        if ended != Err(FsError::NoMemory) {
            self.count_failure(ended);
        }
        ended
    }

    fn count_failure(&self, result: Result<(), FsError>) {
        if result.is_err() {
            self.failures.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Marks what was taken to be written as changed again.
    fn mark_again(&self, run: &Run, stage: Stage) {
        let mut dirty = self.dirty.lock();
        for index in run.pages.clone() {
            let page = index * PAGE_BYTES;
            let (from, to) = (run.bytes.start.max(page), run.bytes.end.min(page + PAGE_BYTES));
            // Taken pages are still in the set, so this takes no memory.
            let _ = dirty.add(index, (from - page) as usize..(to - page) as usize, false, stage);
        }
    }

    /// Begins to write pages to the store, but for those that were removed with the end of the file while a
    /// program was mapping them.
    fn begin_run<'a>(
        &'a self,
        pages: &Pages,
        run: &Run,
        transfers: &mut Transfers<'a>,
    ) -> Result<(), FsError> {
        let mut frames = Frames::new();
        let mut start = run.bytes.start;
        for index in run.pages.clone() {
            if let Some(page) = pages.get(index)? {
                frames.push(page).expect("a run has at most as many pages");
                continue;
            }
            if !frames.is_empty() {
                self.store.begin_write(start..index * PAGE_BYTES, &frames, transfers)?;
                frames.clear();
            }
            start = (index + 1) * PAGE_BYTES;
        }
        match frames.is_empty() {
            true => Ok(()),
            false => self.store.begin_write(start..run.bytes.end, &frames, transfers),
        }
    }

    /// Writes dirty pages back if there are too many in the whole machine. An error is reported by
    /// [`failures`](Self::failures).
    fn throttle(&self, pages: &Pages) {
        if dirty::are_too_many() {
            let _ = self.write_back(pages, Stage::Last);
        }
    }

    /// Returns whether something of `stage`, or of an earlier one, is to be written.
    pub(super) fn is_due(&self, stage: Stage) -> bool {
        self.dirty.lock().are_due(stage)
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

    /// Writes the bytes of `range`, which are whole sectors, from `frames` to the store, past the pages in
    /// memory: those with these bytes are removed from it, or get them too if other bytes of theirs have
    /// changed. The first of the frames has the first byte. May wait.
    pub(super) fn write_past(
        &self,
        pages: &Pages,
        range: Range<u64>,
        frames: &[SharedFrame],
    ) -> Result<(), FsError> {
        // A reader must not find the new blocks before their bytes.
        let _transfer = self.transfers.lock();
        self.store.reserve(range.clone())?;
        let mut transfers = Transfers::new();
        let begun = self.store.begin_write(range.clone(), frames, &mut transfers);
        let ended = transfers.finish();
        begun?;
        ended?;
        self.dirty.lock().remove_sectors(range.clone());
        let start = range.start % PAGE_BYTES;
        let written = parts(frames, start..start + (range.end - range.start));
        for (index, (frame, part)) in (range.start / PAGE_BYTES..).zip(written) {
            if !self.dirty.lock().contains(index) {
                pages.remove(index..index + 1);
            } else if let Some(page) = pages.get(index)? {
                page.bytes(part.clone()).copy_from(frame.bytes(part));
            }
        }
        Ok(())
    }

    /// Removes up to `most` clean pages that nothing else uses from memory. Returns their number. Does
    /// nothing while pages are transferred.
    pub(super) fn reclaim(&self, pages: &Pages, most: u64) -> u64 {
        let Some(_transfer) = self.transfers.try_lock() else {
            return 0;
        };
        pages.remove_unused(most, |index| !self.dirty.lock().contains(index))
    }
}
