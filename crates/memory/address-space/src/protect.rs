//! Changes the access to pages: mprotect(2).

use x86_64::VirtAddr;

use crate::{Access, Attributes, Backing, Limits, PageRange, RegionError, Regions};

/// The progress of an operation that changes one region after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "pages may have been changed even if it failed"]
pub struct Progress {
    /// The address up to which the pages of the range were changed; the end of the range
    /// after success.
    pub reached: VirtAddr,
    /// The error that is returned to the program.
    pub result: Result<(), RegionError>,
}

impl Progress {
    pub(crate) fn new(reached: u64, result: Result<(), RegionError>) -> Self {
        Self { reached: VirtAddr::new(reached), result }
    }
}

impl<B: Backing> Regions<B> {
    /// Changes the access to the pages of `range`: mprotect(2).
    ///
    /// As on Linux, the regions are changed one after the other, lowest first, until an error.
    /// Only the pages below [`Progress::reached`] have changed; the caller changes the page
    /// tables up to that address, also after an error.
    ///
    /// Memory stays committed for pages that become read-only, because they may have been
    /// written. `commit` is called for each region that becomes writable, as for
    /// [`map`](Self::map).
    ///
    /// # Errors
    /// [`Unmapped`](RegionError::Unmapped) at a page that is in no region,
    /// [`Forbidden`](RegionError::Forbidden), [`DataLimit`](RegionError::DataLimit),
    /// [`TooManyRegions`](RegionError::TooManyRegions),
    /// [`CommitLimit`](RegionError::CommitLimit), [`NoMemory`](RegionError::NoMemory).
    pub fn protect(
        &mut self,
        range: PageRange,
        access: Access,
        limits: &Limits,
        mut commit: impl FnMut(u64) -> bool,
    ) -> Progress {
        let mut reached = range.start;
        while reached < range.end {
            let rest = PageRange::new(reached, range.end);
            match self.protect_first(rest, access, limits, &mut commit) {
                Ok(end) => reached = end,
                Err(error) => return Progress::new(reached, Err(error)),
            }
        }
        Progress::new(reached, Ok(()))
    }

    /// Changes the pages of `range` that are in the same region as its first page, and
    /// returns the address after them.
    fn protect_first(
        &mut self,
        range: PageRange,
        access: Access,
        limits: &Limits,
        commit: &mut impl FnMut(u64) -> bool,
    ) -> Result<u64, RegionError> {
        let region = self.tree.containing(range.start).ok_or(RegionError::Unmapped)?;
        let part = PageRange::new(range.start, range.end.min(region.range.end));
        let before = region.attributes;
        let attributes = Attributes { access, ..before };
        if attributes == before {
            return Ok(part.end);
        }
        if !region.backing.allows(access, before.sharing) {
            return Err(RegionError::Forbidden);
        }
        if !before.is_data() {
            limits.check_data(&self.usage, &attributes, part.pages())?;
        }
        let (was_committed, is_whole) = (region.committed, part == region.range);
        let committed = was_committed || attributes.needs_commit();
        if !is_whole {
            self.prepare_change(part, attributes, committed, limits.regions)?;
        }
        if committed && !was_committed && !commit(part.pages()) {
            return Err(RegionError::CommitLimit);
        }
        match is_whole {
            true => self.change_region(part, attributes, committed),
            false => self.change(part, attributes, committed),
        }
        Ok(part.end)
    }
}
