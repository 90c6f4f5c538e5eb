//! The pages of a file that are in memory.

use core::ops::{ControlFlow, Range};

use heapless::Vec as ShortVec;
use page_tree::PageTree;

use crate::fs::error::FsError;
use crate::mm::kernel::frames::SharedFrame;
use crate::sync::{Rank, SpinMutex};

/// The number of pages that are looked up, or removed, while the lock is held once.
pub(super) const BATCH: usize = 16;

/// The number of pages that are examined while the lock is held once.
const EXAMINED_MAX: usize = 64 * BATCH;

/// Pages that were looked up at once; `None` for each that isn't in memory.
pub(super) type Batch = ShortVec<Option<SharedFrame>, BATCH>;

/// The pages of a file that are in memory: frames by their index in the file.
pub(super) struct Pages {
    /// Protects the frames; held for a few look-ups, but never while bytes are copied; not taken by
    /// interrupt handlers. The lock of the dirty pages of the file may be taken while it is held.
    frames: SpinMutex<PageTree<SharedFrame>>,
}

/// Returns another reference to a frame.
#[inline]
fn clone_of(frame: &SharedFrame) -> Result<SharedFrame, FsError> {
    frame.try_clone().map_err(|_| FsError::NoMemory)
}

impl Pages {
    pub(super) const fn new() -> Self {
        Self { frames: SpinMutex::new(Rank::Files, PageTree::new()) }
    }

    /// Returns the number of pages.
    pub(super) fn len(&self) -> u64 {
        self.frames.lock().len()
    }

    /// Returns the page with this index, if it is in memory.
    ///
    /// # Errors
    /// [`FsError::NoMemory`] if no further owner of the frame can be counted.
    #[inline]
    pub(super) fn get(&self, index: u64) -> Result<Option<SharedFrame>, FsError> {
        self.frames.lock().get(index).map(clone_of).transpose()
    }

    /// Puts the pages with these indexes, at most [`BATCH`], in the empty `batch`.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    #[inline]
    pub(super) fn get_batch(&self, indexes: Range<u64>, batch: &mut Batch) -> Result<(), FsError> {
        let frames = self.frames.lock();
        for index in indexes {
            let page = frames.get(index).map(clone_of).transpose()?;
            batch.push(page).expect("the batch has room for as many");
        }
        Ok(())
    }

    /// Calls `found` with each of `indexes` and its page, while the pages are locked; `None` if it isn't
    /// in memory, or if no further owner of the frame can be counted.
    pub(super) fn for_each(
        &self,
        indexes: Range<u64>,
        mut found: impl FnMut(u64, Option<SharedFrame>),
    ) {
        let frames = self.frames.lock();
        for index in indexes {
            found(index, frames.get(index).and_then(|page| page.try_clone().ok()));
        }
    }

    /// Adds `new`, unless there is a page by now. Returns the page in memory, and `new` if it isn't that
    /// page.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn add(
        &self,
        index: u64,
        new: SharedFrame,
    ) -> Result<(SharedFrame, Option<SharedFrame>), FsError> {
        // Dropped after the lock.
        let page = clone_of(&new)?;
        let mut frames = self.frames.lock();
        if let Some(page) = frames.get(index) {
            let page = clone_of(page);
            drop(frames);
            return Ok((page?, Some(new)));
        }
        let added = frames.try_insert(index, page);
        drop(frames);
        added?;
        Ok((new, None))
    }

    /// Removes the pages with these indexes. Returns their number.
    pub(super) fn remove(&self, indexes: Range<u64>) -> u64 {
        let mut removed = 0;
        loop {
            // They are freed without the lock.
            let mut batch = ShortVec::<SharedFrame, BATCH>::new();
            let mut frames = self.frames.lock();
            while !batch.is_full()
                && let Some((_, page)) = frames.remove_first_in(indexes.clone())
            {
                batch.push(page).expect("it isn't full");
            }
            drop(frames);
            if batch.is_empty() {
                return removed;
            }
            removed += batch.len() as u64;
        }
    }

    /// Removes all pages at once. Returns their number.
    pub(super) fn remove_all(&self) -> u64 {
        // They are freed without the lock.
        let all = core::mem::take(&mut *self.frames.lock());
        all.len()
    }

    /// Removes up to `most` pages that nothing else uses and for which `is_clean` returns true. It is called
    /// with the pages locked. Returns their number.
    pub(super) fn remove_unused(&self, most: u64, is_clean: impl Fn(u64) -> bool) -> u64 {
        let (mut removed, mut start) = (0, 0);
        while removed < most {
            let mut examined = 0;
            let mut frames = self.frames.lock();
            let stopped = frames.try_for_each_from(start, |index, page| {
                examined += 1;
                // A page is marked as dirty by a thread that has a reference to it, until after that. If
                // the only reference is the one here, each thread that had another one has dropped it
                // (Release) before the count was read (Acquire): so its mark is seen. No thread gets a
                // new reference while the pages are locked.
                match page.owners() == 1 && is_clean(index) {
                    true => ControlFlow::Break((index, true)),
                    false if examined == EXAMINED_MAX => ControlFlow::Break((index, false)),
                    false => ControlFlow::Continue(()),
                }
            });
            let Some((index, is_unused)) = stopped else {
                break;
            };
            let page = if is_unused { frames.remove(index) } else { None };
            drop(frames);
            removed += u64::from(page.is_some());
            start = index + 1;
        }
        removed
    }

    /// Returns the first index from `start` on that has a page.
    pub(super) fn first_from(&self, start: u64) -> Option<u64> {
        self.frames.lock().first_from(start).map(|(index, _)| index)
    }

    /// Returns the first index from `start` on that has no page.
    pub(super) fn first_hole_from(&self, start: u64) -> u64 {
        let mut index = start;
        loop {
            // Checks a limited number of pages while the lock is held once, because the file may be
            // long.
            let frames = self.frames.lock();
            for _ in 0..EXAMINED_MAX {
                if frames.get(index).is_none() {
                    return index;
                }
                index += 1;
            }
        }
    }
}
