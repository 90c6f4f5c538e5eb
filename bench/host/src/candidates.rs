//! The three page tables, with one interface. Each is used as its documentation suggests.
//!
//! They differ in a few ways, whose costs are part of the figures:
//!
//! - ours checks that addresses are aligned, canonical and within the CPU's width, and
//!   frees a table as soon as it is empty. A new mapping needs no flush; each call that
//!   removes or changes a mapping has a flush of its own.
//! - page_table_multiarch rounds the frame's address down, checks little else, and keeps
//!   empty tables until the page table is dropped. It collects flushes in a cursor, which
//!   stays open over all pages here. Outside of a kernel it skips the flushes themselves.
//! - OffsetPageTable takes pages and frames with types that guarantee their alignment, and
//!   keeps empty tables until `clean_up`. Its flushes are ignored. It has no operations on
//!   regions, so the benchmark loops over pages.

mod multiarch;
mod offset;
mod ours;

pub use multiarch::Multiarch;
pub use offset::Offset;
pub use ours::Ours;

/// The size of the pages of a region.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PageSize {
    /// 4 KiB, although larger ones would fit.
    Size4K,
    /// 2 MiB, the largest that fits.
    Size2M,
    /// 1 GiB, the largest that fits.
    Size1G,
}

impl PageSize {
    /// Returns the size in bytes.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Size4K => 4 << 10,
            Self::Size2M => 2 << 20,
            Self::Size1G => 1 << 30,
        }
    }
}

/// A range of addresses and its mapping.
#[derive(Clone, Copy)]
pub struct Region {
    /// The first virtual address.
    pub start: u64,
    /// The first physical address.
    pub paddr: u64,
    /// The length in bytes.
    pub len_bytes: u64,
    /// The size of its pages.
    pub page_size: PageSize,
}

/// The mapping of an address.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The physical address.
    pub paddr: u64,
    /// The size of the page, in bytes.
    pub size_bytes: u64,
    /// Whether it can be written.
    pub is_writable: bool,
}

/// A page table, with [`crate::memory`] as the physical memory. Pages are mapped as
/// readable and writable.
///
/// All methods panic if the page table returns an error.
pub trait Mapper {
    /// The mapper's type for a page of 4 KiB and its frame.
    type Page: Copy + 'static;
    /// The mapper's type for a virtual address.
    type Address: Copy + 'static;

    /// Makes a page table that maps nothing.
    fn new() -> Self;
    /// Converts a page and its frame.
    fn page(vaddr: u64, paddr: u64) -> Self::Page;
    /// Converts an address.
    fn address(vaddr: u64) -> Self::Address;
    /// Maps pages, one at a time.
    fn map_pages(&mut self, pages: &[Self::Page]);
    /// Unmaps pages, one at a time; returns the sum of their frames' addresses.
    fn unmap_pages(&mut self, pages: &[Self::Page]) -> u64;
    /// Returns the mapping of an address.
    fn query(&self, address: Self::Address) -> Option<Answer>;
    /// Maps a region.
    fn map_region(&mut self, region: Region);
    /// Makes a region read-only.
    fn protect_region(&mut self, region: Region);
    /// Unmaps a region.
    fn unmap_region(&mut self, region: Region);
    /// Frees all tables. No page may be mapped.
    fn free_all(self);
}
