//! The numbers of pages of an address space, and their limits.

use crate::range::PAGE_BYTES;
use crate::{Attributes, Region, RegionError, RegionFlags};

/// The default of [`Limits::regions`]: as on Linux (vm.max_map_count).
pub const REGIONS_MAX: usize = 65_530;

/// The numbers of pages of an address space, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All pages that are in a region: VmSize of proc(5).
    pub total_pages: u64,
    /// Private pages that can be written, except stacks. (VmData of proc(5) includes
    /// stacks.)
    pub data_pages: u64,
    /// Pages of regions that grow downwards.
    pub stack_pages: u64,
    /// Executable pages that can't be written.
    pub code_pages: u64,
    /// Pages for which memory is committed: this address space's part of Committed_AS of
    /// proc(5), without shared objects.
    pub committed_pages: u64,
    /// Pages that stay in memory: VmLck of proc(5).
    pub locked_pages: u64,
}

impl Usage {
    /// Returns the numbers for `pages` pages of one region.
    pub(crate) fn of(attributes: &Attributes, committed: bool, pages: u64) -> Self {
        let if_so = |is_so: bool| if is_so { pages } else { 0 };
        Self {
            total_pages: pages,
            data_pages: if_so(attributes.is_data()),
            stack_pages: if_so(attributes.is_stack()),
            code_pages: if_so(attributes.is_code()),
            committed_pages: if_so(committed),
            locked_pages: if_so(attributes.flags.contains(RegionFlags::LOCKED)),
        }
    }

    /// Returns the numbers of a region.
    pub(crate) fn of_region<B>(region: &Region<B>) -> Self {
        Self::of(&region.attributes, region.committed, region.range.pages())
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            total_pages: self.total_pages + other.total_pages,
            data_pages: self.data_pages + other.data_pages,
            stack_pages: self.stack_pages + other.stack_pages,
            code_pages: self.code_pages + other.code_pages,
            committed_pages: self.committed_pages + other.committed_pages,
            locked_pages: self.locked_pages + other.locked_pages,
        }
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self {
            total_pages: self.total_pages - other.total_pages,
            data_pages: self.data_pages - other.data_pages,
            stack_pages: self.stack_pages - other.stack_pages,
            code_pages: self.code_pages - other.code_pages,
            committed_pages: self.committed_pages - other.committed_pages,
            locked_pages: self.locked_pages - other.locked_pages,
        }
    }

    /// Commits the pages by which `after` exceeds `self`, or returns by how many it has
    /// fewer.
    ///
    /// # Errors
    /// [`RegionError::CommitLimit`] if `commit` refuses.
    pub(crate) fn commit(
        self,
        after: Self,
        commit: impl FnOnce(u64) -> bool,
    ) -> Result<u64, RegionError> {
        let (before, after) = (self.committed_pages, after.committed_pages);
        if after > before && !commit(after - before) {
            return Err(RegionError::CommitLimit);
        }
        Ok(before.saturating_sub(after))
    }
}

/// The limits of an address space. `u64::MAX` is "unlimited" (RLIM_INFINITY).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes in all: RLIMIT_AS.
    pub address_space_bytes: u64,
    /// The most bytes of data, see [`Attributes::is_data`]: RLIMIT_DATA.
    pub data_bytes: u64,
    /// The most bytes that stay in memory: RLIMIT_MEMLOCK.
    pub locked_bytes: u64,
    /// The most regions, see [`REGIONS_MAX`]. As on Linux, a mapping may be added when this
    /// limit is reached, so that there is one region more; a region may be split only below
    /// it.
    pub regions: usize,
}

impl Limits {
    /// No limit but [`REGIONS_MAX`].
    pub const UNLIMITED: Self = Self {
        address_space_bytes: u64::MAX,
        data_bytes: u64::MAX,
        locked_bytes: u64::MAX,
        regions: REGIONS_MAX,
    };

    /// Checks that `pages` more pages with `attributes` may be added to `usage`.
    pub(crate) fn check(
        &self,
        usage: &Usage,
        attributes: &Attributes,
        pages: u64,
    ) -> Result<(), RegionError> {
        if usage.total_pages + pages > self.address_space_bytes / PAGE_BYTES {
            return Err(RegionError::AddressSpaceLimit);
        }
        if attributes.flags.contains(RegionFlags::LOCKED) {
            self.check_locked(usage, pages)?;
        }
        self.check_data(usage, attributes, pages)
    }

    /// Checks that `pages` more pages may be locked.
    pub(crate) fn check_locked(&self, usage: &Usage, pages: u64) -> Result<(), RegionError> {
        match usage.locked_pages + pages > self.locked_bytes / PAGE_BYTES {
            true => Err(RegionError::LockLimit),
            false => Ok(()),
        }
    }

    /// Checks that `pages` pages that are mapped already may become data, if `attributes` are
    /// those of data.
    pub(crate) fn check_data(
        &self,
        usage: &Usage,
        attributes: &Attributes,
        pages: u64,
    ) -> Result<(), RegionError> {
        if attributes.is_data() && usage.data_pages + pages > self.data_bytes / PAGE_BYTES {
            return Err(RegionError::DataLimit);
        }
        Ok(())
    }
}
