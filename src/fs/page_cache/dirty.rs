//! The pages that differ from what is stored.

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

use page_tree::PageTree;
use volume::Stage;

use super::store::{PAGE_BYTES, SECTOR_BYTES};
use crate::fs::error::FsError;
use crate::mm::kernel::frames;

/// All sectors of a page.
const ALL_SECTORS: u8 = u8::MAX;
const _: () = assert!(PAGE_BYTES / SECTOR_BYTES == u8::BITS as u64);

/// The most pages that are written at once.
pub(super) const RUN_PAGES: usize = 64;

/// The part of the memory that may be dirty before writers have to write pages back themselves.
/// Linux's default (vm.dirty_ratio) is 20 %.
const MEMORY_PER_DIRTY: u64 = 5;

/// The number of stages before the last one.
const EARLY_STAGES: usize = Stage::Last as usize;

/// The number of dirty pages of all stores.
static DIRTY_PAGES: AtomicU64 = AtomicU64::new(0);

/// Returns the number of dirty pages of all stores.
pub fn dirty_pages() -> u64 {
    DIRTY_PAGES.load(Ordering::Relaxed)
}

/// Returns whether so many pages are dirty that writers have to write some back.
pub(in crate::fs) fn are_too_many() -> bool {
    dirty_pages() > frames::managed() as u64 / MEMORY_PER_DIRTY
}

/// The state of a dirty page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    /// The sectors that have to be written, one bit each.
    sectors: u8,
    /// Those of them that have to be written in each of the stages before the last one.
    early: [u8; EARLY_STAGES],
    /// Whether a program may write it at any time, by a shared mapping.
    is_mapped: bool,
}

impl State {
    /// Returns the sectors that have to be written by the end of a stage.
    fn until(&self, stage: Stage) -> u8 {
        match self.early.get(..=stage as usize) {
            Some(early) => early.iter().fold(0, |sectors, early| sectors | early),
            None => self.sectors,
        }
    }

    /// Adds sectors to those of a stage.
    fn add(&mut self, sectors: u8, stage: Stage) {
        self.sectors |= sectors;
        if let Some(early) = self.early.get_mut(stage as usize) {
            *early |= sectors;
        }
    }

    /// Removes sectors.
    fn remove(&mut self, sectors: u8) {
        self.sectors &= !sectors;
        self.early = self.early.map(|early| early & !sectors);
    }
}

/// The pages that differ from what is stored, by their indexes.
#[derive(Default)]
pub(super) struct DirtyPages(PageTree<State>);

/// Pages, one after the other, that are written at once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The pages.
    pub pages: Range<u64>,
    /// The bytes of the file that are to be written: whole sectors of these pages.
    pub bytes: Range<u64>,
}

impl DirtyPages {
    pub(super) const fn new() -> Self {
        Self(PageTree::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether something has to be written by the end of a stage.
    pub(super) fn are_due(&self, stage: Stage) -> bool {
        let mut start = 0;
        while let Some((index, state)) = self.0.first_from(start) {
            if state.until(stage) != 0 {
                return true;
            }
            start = index + 1;
        }
        false
    }

    pub(super) fn contains(&self, page: u64) -> bool {
        self.0.get(page).is_some()
    }

    /// Adds the sectors of `page` that have bytes of `range`, counted from the start of the page, to
    /// be written in `stage`. Returns whether the page was clean.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn add(
        &mut self,
        page: u64,
        range: Range<usize>,
        is_mapped: bool,
        stage: Stage,
    ) -> Result<bool, FsError> {
        let sectors = sectors_of(range);
        if let Some(state) = self.0.get_mut(page) {
            state.add(sectors, stage);
            state.is_mapped |= is_mapped;
            return Ok(false);
        }
        let mut state = State { sectors: 0, early: [0; EARLY_STAGES], is_mapped };
        state.add(sectors, stage);
        self.0.try_insert(page, state)?;
        DIRTY_PAGES.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    /// Returns the next pages from `start` on that are written at once, those of `stage` and of
    /// earlier ones, and marks them as clean but for [`remove_clean`](Self::remove_clean).
    pub(super) fn take_run(&mut self, start: u64, stage: Stage) -> Option<Run> {
        let mut at = start;
        let (first, sectors) = loop {
            let (found, state) = self.0.first_from(at).map(|(index, state)| (index, *state))?;
            if state.until(stage) != 0 {
                break (found, state.until(stage));
            }
            at = found + 1;
        };
        let part = first_run_of(sectors);
        let bytes = part.start + first * PAGE_BYTES..part.end + first * PAGE_BYTES;
        self.take_sectors(first, sectors_of(part.start as usize..part.end as usize));
        let mut run = Run { pages: first..first + 1, bytes };
        if sectors != ALL_SECTORS {
            return Some(run);
        }
        while run.pages.end - first < RUN_PAGES as u64
            && self.0.get(run.pages.end).is_some_and(|state| state.until(stage) == ALL_SECTORS)
        {
            self.take_sectors(run.pages.end, ALL_SECTORS);
            run.pages.end += 1;
        }
        run.bytes.end = run.pages.end * PAGE_BYTES;
        Some(run)
    }

    fn take_sectors(&mut self, page: u64, sectors: u8) {
        if let Some(state) = self.0.get_mut(page) {
            state.remove(sectors);
        }
    }

    /// Removes those of `pages` that have not changed since they were taken. A page that a program may
    /// write at any time stays dirty if `are_mapped`.
    pub(super) fn remove_clean(&mut self, pages: Range<u64>, are_mapped: bool) {
        for page in pages {
            match self.0.get_mut(page) {
                Some(state) if state.is_mapped && are_mapped => state.sectors = ALL_SECTORS,
                Some(state) if state.sectors == 0 => self.remove_one(page),
                _ => {}
            }
        }
    }

    fn remove_one(&mut self, page: u64) {
        if self.0.remove(page).is_some() {
            DIRTY_PAGES.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Removes all `pages`, whatever has changed.
    pub(super) fn remove(&mut self, pages: Range<u64>) {
        while self.0.remove_first_in(pages.clone()).is_some() {
            DIRTY_PAGES.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Removes the sectors within a range of bytes.
    pub(super) fn remove_sectors(&mut self, bytes: Range<u64>) {
        let mut at = bytes.start;
        while at < bytes.end {
            let page = at / PAGE_BYTES;
            let end = bytes.end.min((page + 1) * PAGE_BYTES);
            let start_in_page = at % PAGE_BYTES;
            let gone = sectors_of(start_in_page as usize..(start_in_page + end - at) as usize);
            if let Some(state) = self.0.get_mut(page) {
                state.remove(gone);
                if state.sectors == 0 {
                    self.remove_one(page);
                }
            }
            at = end;
        }
    }
}

impl Drop for DirtyPages {
    fn drop(&mut self) {
        DIRTY_PAGES.fetch_sub(self.0.len(), Ordering::Relaxed);
    }
}

/// Returns the sectors of a page with bytes of `range`, one bit each.
fn sectors_of(range: Range<usize>) -> u8 {
    let first = range.start / SECTOR_BYTES as usize;
    let end = range.end.div_ceil(SECTOR_BYTES as usize);
    (first..end).fold(0, |sectors, sector| sectors | 1 << sector)
}

/// Returns the bytes of the first sectors in one piece.
fn first_run_of(sectors: u8) -> Range<u64> {
    let first = sectors.trailing_zeros();
    let count = (sectors >> first).trailing_ones();
    u64::from(first) * SECTOR_BYTES..u64::from(first + count) * SECTOR_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn runs_are_whole_pages_or_sectors_of_one() {
        let before = dirty_pages();
        let mut dirty = DirtyPages::new();
        for page in [3, 4, 5] {
            assert_eq!(dirty.add(page, 0..4096, false, Stage::Last), Ok(true));
        }
        assert_eq!(dirty.add(4, 0..1, false, Stage::Last), Ok(false));
        assert_eq!(dirty.add(9, 512..1024, false, Stage::Last), Ok(true));
        assert_eq!(dirty.add(9, 2000..2049, false, Stage::Last), Ok(false));
        assert_eq!(dirty_pages(), before + 4);
        let run = |pages: Range<u64>, bytes: Range<u64>| Some(Run { pages, bytes });
        assert_eq!(dirty.take_run(0, Stage::Last), run(3..6, 3 * 4096..6 * 4096));
        // Changed after it was taken.
        assert_eq!(dirty.add(5, 0..1, false, Stage::Last), Ok(false));
        dirty.remove_clean(3..6, false);
        assert_eq!(dirty_pages(), before + 2);
        assert_eq!(dirty.take_run(6, Stage::Last), run(9..10, 9 * 4096 + 512..9 * 4096 + 1024));
        assert_eq!(dirty.take_run(6, Stage::Last), run(9..10, 9 * 4096 + 1536..9 * 4096 + 2560));
        assert_eq!(dirty.take_run(6, Stage::Last), None);
        dirty.remove_clean(9..10, false);
        assert_eq!(dirty.take_run(0, Stage::Last), run(5..6, 5 * 4096..5 * 4096 + 512));
        dirty.remove_clean(5..6, false);
        assert_eq!(dirty_pages(), before);
    }

    #[test_case]
    fn mapped_pages_stay_dirty() {
        let before = dirty_pages();
        let mut dirty = DirtyPages::new();
        assert_eq!(dirty.add(1, 0..4096, true, Stage::Last), Ok(true));
        assert!(dirty.take_run(0, Stage::Last).is_some());
        dirty.remove_clean(1..2, true);
        assert!(dirty.take_run(0, Stage::Last).is_some());
        dirty.remove_clean(1..2, false);
        assert!(!dirty.contains(1));
        assert_eq!(dirty_pages(), before);
    }

    #[test_case]
    fn sectors_are_removed() {
        let mut dirty = DirtyPages::new();
        assert_eq!(dirty.add(0, 0..4096, false, Stage::Last), Ok(true));
        assert_eq!(dirty.add(1, 0..4096, false, Stage::Last), Ok(true));
        dirty.remove_sectors(1024..4096 + 512);
        assert_eq!(dirty.take_run(0, Stage::Last).map(|run| run.bytes), Some(0..1024));
        assert_eq!(dirty.take_run(0, Stage::Last).map(|run| run.bytes), Some(4096 + 512..8192));
        dirty.remove_sectors(0..8192);
        assert!(!dirty.contains(0) && !dirty.contains(1));
    }

    #[test_case]
    fn stages_are_taken_one_after_the_other() {
        let mut dirty = DirtyPages::new();
        for (page, range, stage) in [
            (0, 0..512, Stage::Last),
            (0, 512..1024, Stage::Second),
            (1, 0..4096, Stage::First),
            (2, 0..4096, Stage::Last),
            (2, 1024..1536, Stage::First),
        ] {
            assert!(dirty.add(page, range, false, stage).is_ok());
        }
        let take = |dirty: &mut DirtyPages, stage| dirty.take_run(0, stage).map(|run| run.bytes);
        assert_eq!(take(&mut dirty, Stage::First), Some(4096..8192));
        let first = 8192 + 1024..8192 + 1536;
        assert_eq!(take(&mut dirty, Stage::First), Some(first.clone()));
        assert_eq!(take(&mut dirty, Stage::First), None);
        assert_eq!(take(&mut dirty, Stage::Second), Some(512..1024));
        assert_eq!(take(&mut dirty, Stage::Second), None);
        assert_eq!(take(&mut dirty, Stage::Last), Some(0..512));
        // But for the sector that was written in the first stage.
        assert_eq!(take(&mut dirty, Stage::Last), Some(8192..first.start));
        assert_eq!(take(&mut dirty, Stage::Last), Some(first.end..3 * 4096));
        assert_eq!(take(&mut dirty, Stage::Last), None);
    }
}
