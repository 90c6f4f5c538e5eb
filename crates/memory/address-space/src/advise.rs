//! Advice that is recorded in a region: madvise(2).

use crate::{Backing, Limits, PageRange, Progress, RegionError, RegionFlags, Regions};

/// Advice that is recorded in a region. Other advice of madvise(2) concerns pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// MADV_NORMAL: neither `Sequential` nor `Random`.
    Normal,
    /// MADV_SEQUENTIAL
    Sequential,
    /// MADV_RANDOM
    Random,
    /// MADV_DONTFORK
    DontFork,
    /// MADV_DOFORK
    DoFork,
    /// MADV_WIPEONFORK: only for private anonymous memory.
    WipeOnFork,
    /// MADV_KEEPONFORK
    KeepOnFork,
    /// MADV_DONTDUMP
    DontDump,
    /// MADV_DODUMP
    DoDump,
    /// MADV_HUGEPAGE
    HugePage,
    /// MADV_NOHUGEPAGE
    NoHugePage,
}

impl Advice {
    /// Returns the flags that the advice clears, and those that it then sets.
    fn effect(self) -> (RegionFlags, RegionFlags) {
        type Flags = RegionFlags;
        let none = Flags::empty();
        let order = Flags::SEQUENTIAL | Flags::RANDOM;
        let huge = Flags::HUGE_PAGE | Flags::NO_HUGE_PAGE;
        match self {
            Self::Normal => (order, none),
            Self::Sequential => (order, Flags::SEQUENTIAL),
            Self::Random => (order, Flags::RANDOM),
            Self::DontFork => (none, Flags::DONT_FORK),
            Self::DoFork => (Flags::DONT_FORK, none),
            Self::WipeOnFork => (none, Flags::WIPE_ON_FORK),
            Self::KeepOnFork => (Flags::WIPE_ON_FORK, none),
            Self::DontDump => (none, Flags::DONT_DUMP),
            Self::DoDump => (Flags::DONT_DUMP, none),
            Self::HugePage => (huge, Flags::HUGE_PAGE),
            Self::NoHugePage => (huge, Flags::NO_HUGE_PAGE),
        }
    }
}

impl<B: Backing> Regions<B> {
    /// Records `advice` for the pages of `range`: madvise(2).
    ///
    /// As on Linux, pages that are in no region are skipped, and reported at the end. Any other
    /// error ends the operation, and the pages from [`Progress::reached`] on are unchanged.
    ///
    /// # Errors
    /// [`Unmapped`](RegionError::Unmapped) if a page is in no region,
    /// [`Invalid`](RegionError::Invalid) at a region that can't have that advice,
    /// [`TooManyRegions`](RegionError::TooManyRegions), [`NoMemory`](RegionError::NoMemory).
    pub fn advise(&mut self, range: PageRange, advice: Advice, limits: &Limits) -> Progress {
        let mut result = Ok(());
        let mut reached = range.start;
        while let Some(region) = self.tree.first_above(reached)
            && region.range.start < range.end
        {
            if region.range.start > reached {
                result = Err(RegionError::Unmapped);
            }
            let start = region.range.start.max(reached);
            let part = PageRange::new(start, region.range.end.min(range.end));
            if let Err(error) = self.advise_part(part, advice, limits) {
                return Progress::new(start, Err(error));
            }
            reached = part.end;
            if reached == range.end {
                return Progress::new(reached, result);
            }
        }
        Progress::new(range.end, Err(RegionError::Unmapped))
    }

    /// Records `advice` for pages of one region.
    fn advise_part(
        &mut self,
        part: PageRange,
        advice: Advice,
        limits: &Limits,
    ) -> Result<(), RegionError> {
        let region = self.tree.containing(part.start).ok_or(RegionError::Unmapped)?;
        if advice == Advice::WipeOnFork && !region.is_private_anonymous() {
            return Err(RegionError::Invalid);
        }
        let (cleared, set) = advice.effect();
        self.set_flags(part, cleared, set, limits)
    }

    /// Clears flags of pages of one region, then sets others.
    pub(crate) fn set_flags(
        &mut self,
        part: PageRange,
        cleared: RegionFlags,
        set: RegionFlags,
        limits: &Limits,
    ) -> Result<(), RegionError> {
        let region = self.tree.containing(part.start).ok_or(RegionError::Unmapped)?;
        let mut attributes = region.attributes;
        attributes.flags = (attributes.flags - cleared) | set;
        if attributes == region.attributes {
            return Ok(());
        }
        let committed = region.committed;
        self.prepare_change(part, attributes, committed, limits.regions)?;
        self.change(part, attributes, committed);
        Ok(())
    }
}
