//! New regions: mmap(2).

use crate::edit::reserve_removed;
use crate::{Backing, Limits, Region, RegionError, Regions, Removed, Usage};

/// The treatment of pages that are already in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// They are an error: MAP_FIXED_NOREPLACE, and if the kernel chose the place.
    Refused,
    /// They are removed from that region: MAP_FIXED.
    Replaced,
}

impl<B: Backing> Regions<B> {
    /// Adds a region: mmap(2). Returns the regions that it has replaced.
    ///
    /// With MAP_FIXED the program has chosen its place, otherwise [`place`](Self::place). The
    /// region may be in a guard gap. It is merged with neighbours that continue it.
    ///
    /// If the committed memory of the address space rises, `commit` is called with the number
    /// of pages. It commits them and returns true, or returns false if the system doesn't have
    /// them.
    ///
    /// # Errors
    /// An error changes and commits nothing:
    /// - [`TooLow`](RegionError::TooLow), [`OutOfBounds`](RegionError::OutOfBounds);
    /// - [`Occupied`](RegionError::Occupied), if overlaps are refused;
    /// - [`Invalid`](RegionError::Invalid), if the region grows downwards and isn't private
    ///   anonymous memory;
    /// - [`OffsetOverflow`](RegionError::OffsetOverflow), [`Forbidden`](RegionError::Forbidden);
    /// - [`TooManyRegions`](RegionError::TooManyRegions),
    ///   [`AddressSpaceLimit`](RegionError::AddressSpaceLimit),
    ///   [`LockLimit`](RegionError::LockLimit), [`DataLimit`](RegionError::DataLimit), [`NoMemory`](RegionError::NoMemory),
    ///   [`CommitLimit`](RegionError::CommitLimit).
    pub fn map(
        &mut self,
        mut region: Region<B>,
        overlap: Overlap,
        limits: &Limits,
        commit: impl FnOnce(u64) -> bool,
    ) -> Result<Removed<B>, RegionError> {
        region.attributes.flags |= self.future_lock.flags();
        let range = region.range;
        self.bounds.check(range)?;
        let survey = self.survey(range);
        if overlap == Overlap::Refused && survey.regions > 0 {
            return Err(RegionError::Occupied);
        }
        if region.attributes.is_stack() && !region.is_private_anonymous() {
            return Err(RegionError::Invalid);
        }
        if !region.backing.spans(range.len_bytes()) {
            return Err(RegionError::OffsetOverflow);
        }
        if !region.backing.allows(region.attributes.access, region.attributes.sharing) {
            return Err(RegionError::Forbidden);
        }
        if self.len() > limits.regions || (survey.splits_one && self.len() == limits.regions) {
            return Err(RegionError::TooManyRegions);
        }
        let rest = self.usage.minus(survey.usage);
        limits.check(&rest, &region.attributes, range.pages())?;
        self.tree.try_reserve(3)?;
        let mut regions = reserve_removed(survey.regions)?;
        let after = rest.plus(Usage::of_region(&region));
        let uncommitted_pages = self.usage.commit(after, commit)?;
        if survey.regions > 0 {
            self.take(range, &mut regions);
        }
        self.add(region);
        Ok(Removed { regions, uncommitted_pages })
    }
}
