//! Pages that stay in memory: mlock(2).

use crate::{Backing, Limits, Lock, PageRange, Progress, RegionError, RegionFlags, Regions, Usage};

/// The flags of all kinds of locks.
const ALL: RegionFlags = RegionFlags::LOCKED.union(RegionFlags::LOCKED_ON_FAULT);

impl<B: Backing> Regions<B> {
    /// Locks the pages of `range`, or unlocks them: mlock(2), munlock(2).
    ///
    /// As on Linux, the regions are changed one after the other, lowest first, until an error.
    ///
    /// # Errors
    /// [`LockLimit`](RegionError::LockLimit), which changes nothing;
    /// [`Unmapped`](RegionError::Unmapped) at a page that is in no region,
    /// [`TooManyRegions`](RegionError::TooManyRegions), [`NoMemory`](RegionError::NoMemory).
    pub fn lock(&mut self, range: PageRange, lock: Lock, limits: &Limits) -> Progress {
        let mut reached = range.start;
        if lock != Lock::None {
            let more = range.pages() - self.survey(range).usage.locked_pages;
            if let Err(error) = limits.check_locked(&self.usage, more) {
                return Progress::new(reached, Err(error));
            }
        }
        while reached < range.end {
            let Some(region) = self.tree.containing(reached) else {
                return Progress::new(reached, Err(RegionError::Unmapped));
            };
            let part = PageRange::new(reached, range.end.min(region.range.end));
            if let Err(error) = self.set_flags(part, ALL, lock.flags(), limits) {
                return Progress::new(reached, Err(error));
            }
            reached = part.end;
        }
        Progress::new(reached, Ok(()))
    }

    /// Locks all regions, or unlocks them. As on Linux, a region that can't be changed is skipped.
    ///
    /// # Errors
    /// [`LockLimit`](RegionError::LockLimit), which changes nothing.
    pub fn lock_all(&mut self, lock: Lock, limits: &Limits) -> Result<(), RegionError> {
        if lock != Lock::None {
            let more = self.usage.total_pages - self.usage.locked_pages;
            limits.check_locked(&self.usage, more)?;
        }
        let mut from = 0;
        while let Some(region) = self.tree.first_above(from) {
            let whole = region.range;
            from = whole.end;
            // No region is split, so the only possible error is a lack of memory for nodes.
            let _ = self.set_flags(whole, ALL, lock.flags(), limits);
        }
        Ok(())
    }

    /// Sets whether the regions that are added from now on are locked: MCL_FUTURE of mlockall(2).
    pub fn set_future_lock(&mut self, lock: Lock) {
        self.future_lock = lock;
    }

    /// Returns whether the regions that are added from now on are locked.
    pub fn future_lock(&self) -> Lock {
        self.future_lock
    }

    /// Unlocks all regions of a child, and those that are added to it: fork(2).
    pub(crate) fn unlock_child(&mut self) {
        self.future_lock = Lock::None;
        let mut from = 0;
        while let Some(region) = self.tree.first_above(from) {
            let start = region.range.start;
            from = region.range.end;
            if !region.flags().intersects(ALL) {
                continue;
            }
            let before = Usage::of_region(region);
            let mut after = before;
            self.tree.update(start, |region| {
                region.attributes.flags -= ALL;
                after = Usage::of_region(region);
            });
            self.usage = self.usage.minus(before).plus(after);
            self.merge(from);
            self.merge(start);
        }
    }
}
