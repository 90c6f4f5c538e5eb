//! Regions that grow downwards when a page below them is accessed.

use x86_64::VirtAddr;

use crate::range::PAGE_BYTES;
use crate::region::STACK_GUARD_BYTES;
use crate::{Backing, Limits, PageRange, RegionError, Regions, Usage};

impl<B: Backing> Regions<B> {
    /// Extends the region above `addr` down to the page of `addr`, if that region grows
    /// downwards. Returns the new pages, or `None` if `addr` is already in a region:
    /// another thread may have extended it meanwhile.
    ///
    /// `stack_limit_bytes` is RLIMIT_STACK. The region stays [`STACK_GUARD_BYTES`] above the
    /// next lower region, unless that can't be accessed or grows downwards itself. `commit`
    /// is as for [`map`](Self::map). See MAP_GROWSDOWN in mmap(2).
    ///
    /// # Errors
    /// Nothing has changed then:
    /// - [`Unmapped`](RegionError::Unmapped), if the region above doesn't grow downwards, or
    ///   there is none;
    /// - [`TooLow`](RegionError::TooLow), [`GuardGap`](RegionError::GuardGap);
    /// - [`StackLimit`](RegionError::StackLimit),
    ///   [`AddressSpaceLimit`](RegionError::AddressSpaceLimit),
    ///   [`CommitLimit`](RegionError::CommitLimit).
    pub fn grow_stack(
        &mut self,
        addr: VirtAddr,
        stack_limit_bytes: u64,
        limits: &Limits,
        commit: impl FnOnce(u64) -> bool,
    ) -> Result<Option<PageRange>, RegionError> {
        let page = addr.as_u64() & !(PAGE_BYTES - 1);
        let region = self.tree.first_above(page).ok_or(RegionError::Unmapped)?;
        let PageRange { start, end } = region.range;
        if start <= page {
            return Ok(None);
        }
        if !region.attributes.is_stack() {
            return Err(RegionError::Unmapped);
        }
        if page < self.bounds.lowest {
            return Err(RegionError::TooLow);
        }
        if let Some(below) = self.tree.last_below(page)
            && !below.attributes.is_stack()
            && !below.attributes.access.is_empty()
            && page - below.range.end < STACK_GUARD_BYTES
        {
            return Err(RegionError::GuardGap);
        }
        let new = PageRange::new(page, start);
        limits.check(&self.usage, &region.attributes, new.pages())?;
        if end - page > stack_limit_bytes {
            return Err(RegionError::StackLimit);
        }
        let added = Usage::of(&region.attributes, region.committed, new.pages());
        let after = self.usage.plus(added);
        self.usage.commit(after, commit)?;
        self.usage = after;
        self.tree.update(start, |region| region.range.start = page);
        self.merge(page);
        Ok(Some(new))
    }
}
