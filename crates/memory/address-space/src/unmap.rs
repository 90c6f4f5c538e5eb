//! Regions that are removed: munmap(2).

use crate::edit::reserve_removed;
use crate::{Backing, Limits, PageRange, RegionError, Regions, Removed};

impl<B: Backing> Regions<B> {
    /// Removes all pages of `range` from their regions: munmap(2). Pages without a region
    /// are ignored.
    ///
    /// # Errors
    /// [`TooManyRegions`](RegionError::TooManyRegions) if one region would become two and
    /// the limit is reached, [`NoMemory`](RegionError::NoMemory). An error changes nothing.
    pub fn unmap(&mut self, range: PageRange, limits: &Limits) -> Result<Removed<B>, RegionError> {
        let survey = self.survey(range);
        if survey.regions == 0 {
            return Ok(Removed::NOTHING);
        }
        if survey.splits_one && self.len() >= limits.regions {
            return Err(RegionError::TooManyRegions);
        }
        self.tree.try_reserve(2)?;
        let mut regions = reserve_removed(survey.regions)?;
        self.take(range, &mut regions);
        Ok(Removed { regions, uncommitted_pages: survey.usage.committed_pages })
    }
}
