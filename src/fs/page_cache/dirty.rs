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

const STAGES: [Stage; 4] = [Stage::First, Stage::Second, Stage::Third, Stage::Last];
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
    const CLEAN: Self = Self { sectors: 0, early: [0; EARLY_STAGES], is_mapped: false };

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

/// The pages that differ from what is stored.
#[derive(Default)]
pub(super) struct DirtyPages {
    /// By their indexes.
    pages: PageTree<State>,
    /// The numbers of those that have to be written by the end of each stage.
    due: [u64; STAGES.len()],
}

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
        Self { pages: PageTree::new(), due: [0; STAGES.len()] }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Returns whether something has to be written by the end of a stage.
    pub(super) fn are_due(&self, stage: Stage) -> bool {
        self.due[stage as usize] > 0
    }

    /// Changes the state of a page, if it is dirty. Returns what `change` returns.
    fn change<R>(&mut self, page: u64, change: impl FnOnce(&mut State) -> R) -> Option<R> {
        let state = self.pages.get_mut(page)?;
        let before = *state;
        let result = change(state);
        count(&mut self.due, before, *state);
        Some(result)
    }

    pub(super) fn contains(&self, page: u64) -> bool {
        self.pages.get(page).is_some()
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
        let added = self.change(page, |state| {
            state.add(sectors, stage);
            state.is_mapped |= is_mapped;
        });
        if added.is_some() {
            return Ok(false);
        }
        let mut state = State { is_mapped, ..State::CLEAN };
        state.add(sectors, stage);
        self.pages.try_insert(page, state)?;
        count(&mut self.due, State::CLEAN, state);
        DIRTY_PAGES.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    /// Returns the next pages from `start` on that are written at once, those of `stage` and of
    /// earlier ones, and marks them as clean but for [`remove_clean`](Self::remove_clean).
    pub(super) fn take_run(&mut self, start: u64, stage: Stage) -> Option<Run> {
        if !self.are_due(stage) {
            return None;
        }
        let mut at = start;
        let (first, sectors) = loop {
            let (found, state) = self.pages.first_from(at).map(|(index, state)| (index, *state))?;
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
            && self.pages.get(run.pages.end).is_some_and(|state| state.until(stage) == ALL_SECTORS)
        {
            self.take_sectors(run.pages.end, ALL_SECTORS);
            run.pages.end += 1;
        }
        run.bytes.end = run.pages.end * PAGE_BYTES;
        Some(run)
    }

    fn take_sectors(&mut self, page: u64, sectors: u8) {
        self.change(page, |state| state.remove(sectors));
    }

    /// Removes those of `pages` that have not changed since they were taken. A page that a program may
    /// write at any time stays dirty if `are_mapped`.
    pub(super) fn remove_clean(&mut self, pages: Range<u64>, are_mapped: bool) {
        for page in pages {
            let is_clean = self.change(page, |state| {
                if state.is_mapped && are_mapped {
                    state.sectors = ALL_SECTORS;
                }
                state.sectors == 0
            });
            if is_clean == Some(true) {
                self.remove_one(page);
            }
        }
    }

    fn remove_one(&mut self, page: u64) {
        if let Some(state) = self.pages.remove(page) {
            count(&mut self.due, state, State::CLEAN);
            DIRTY_PAGES.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Removes all `pages`, whatever has changed.
    pub(super) fn remove(&mut self, pages: Range<u64>) {
        while let Some((_, state)) = self.pages.remove_first_in(pages.clone()) {
            count(&mut self.due, state, State::CLEAN);
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
            let is_clean = self.change(page, |state| {
                state.remove(gone);
                state.sectors == 0
            });
            if is_clean == Some(true) {
                self.remove_one(page);
            }
            at = end;
        }
    }
}

impl Drop for DirtyPages {
    fn drop(&mut self) {
        DIRTY_PAGES.fetch_sub(self.pages.len(), Ordering::Relaxed);
    }
}

/// Counts the change of a page's state.
fn count(due: &mut [u64; STAGES.len()], before: State, after: State) {
    if before == after {
        return;
    }
    for (count, stage) in due.iter_mut().zip(STAGES) {
        let change = i64::from(after.until(stage) != 0) - i64::from(before.until(stage) != 0);
        *count = count.wrapping_add_signed(change);
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
        assert!(!dirty.are_due(Stage::Second) && dirty.are_due(Stage::Last));
        assert_eq!(take(&mut dirty, Stage::Last), Some(0..512));
        // But for the sector that was written in the first stage.
        assert_eq!(take(&mut dirty, Stage::Last), Some(8192..first.start));
        assert_eq!(take(&mut dirty, Stage::Last), Some(first.end..3 * 4096));
        assert_eq!(take(&mut dirty, Stage::Last), None);
        assert!(!dirty.are_due(Stage::Last));
    }
}
