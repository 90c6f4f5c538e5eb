//! Leaves: pages, or software payloads in place of a page.

use x86_64::PhysAddr;

use crate::entry::GenericPTE;
use crate::software_payload::SoftwarePayload;
use crate::{MappingFlags, PageSize};

/// The mapping of an address or a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The physical address.
    pub paddr: PhysAddr,
    /// The flags of the mapping.
    pub flags: MappingFlags,
    /// The size of the page.
    pub size: PageSize,
    /// ACCESSED is set. It always is in pages without USER.
    pub is_accessed: bool,
    /// DIRTY is set. It always is in pages without USER that can be written.
    pub is_dirty: bool,
}

/// A used entry that doesn't point to a table: a page, or a software payload in place of a
/// page of 4 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf<PTE> {
    entry: PTE,
    size: PageSize,
}

impl<PTE: GenericPTE> Leaf<PTE> {
    /// Makes the leaf of `entry` in a table of `level`. The entry is used and doesn't point
    /// to a table.
    #[inline]
    pub(crate) fn new(entry: PTE, level: usize) -> Self {
        Self { entry, size: PageSize::of_level(level) }
    }

    /// Returns the entry.
    #[inline]
    pub fn entry(self) -> PTE {
        self.entry
    }

    /// Returns the size of the page.
    #[inline]
    pub fn size(self) -> PageSize {
        self.size
    }

    /// Returns the mapping, if this is a page.
    #[inline]
    pub fn mapping(self) -> Option<Mapping> {
        self.mapping_at(0)
    }

    /// Returns the mapping of the address `offset_bytes` after the page's start, if this is
    /// a page.
    #[inline]
    pub(crate) fn mapping_at(self, offset_bytes: u64) -> Option<Mapping> {
        self.entry.is_page().then(|| Mapping {
            paddr: PhysAddr::new_truncate(self.entry.paddr().as_u64() + offset_bytes),
            flags: self.entry.flags(),
            size: self.size,
            is_accessed: self.entry.is_accessed(),
            is_dirty: self.entry.is_dirty(),
        })
    }

    /// Returns the software payload, if this isn't a page.
    #[inline]
    pub fn software(self) -> Option<SoftwarePayload> {
        self.entry.software()
    }
}
