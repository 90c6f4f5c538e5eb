//! The three mappers, behind one face. Each does what its user would write.
//!
//! What they do differs in a few ways, which the figures include:
//!
//! - ours checks that addresses are aligned, canonical and not too wide, and frees
//!   a table as soon as it is empty. It flushes nothing for a new mapping, and each
//!   call that takes one away or changes it has its own flush.
//! - page_table_multiarch aligns the frame down, checks little else, and keeps
//!   empty tables until the page table is dropped. It collects flushes in a cursor,
//!   which stays open over all pages here. It leaves out the flush itself where it
//!   isn't built for a kernel.
//! - OffsetPageTable takes pages and frames whose alignment its types have checked,
//!   and keeps empty tables until `clean_up`. Its flushes are ignored. It has no
//!   regions, so its user loops over pages.

mod multiarch;
mod offset;
mod ours;

pub use multiarch::Multiarch;
pub use offset::Offset;
pub use ours::Ours;

/// The size of the pages that a region gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PageSize {
    /// 4 KiB, though larger ones would fit.
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

/// A range of addresses and where it is mapped.
#[derive(Clone, Copy)]
pub struct Region {
    /// The first virtual address.
    pub start: u64,
    /// The first physical address.
    pub paddr: u64,
    /// How long it is, in bytes.
    pub len_bytes: u64,
    /// What it is to be mapped by.
    pub page_size: PageSize,
}

/// What an address is mapped to.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The physical address.
    pub paddr: u64,
    /// The size of the page, in bytes.
    pub size_bytes: u64,
    /// Whether it can be written.
    pub is_writable: bool,
}

/// A page table, with [`crate::memory`] as the physical memory. Pages are mapped
/// to be read and written.
///
/// All methods panic if the page table refuses.
pub trait Mapper {
    /// A page of 4 KiB and its frame, as the mapper takes them.
    type Page: Copy + 'static;
    /// A virtual address, as the mapper takes it.
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
    /// Returns what an address is mapped to.
    fn query(&self, address: Self::Address) -> Option<Answer>;
    /// Maps a region.
    fn map_region(&mut self, region: Region);
    /// Takes away the right to write from a region.
    fn protect_region(&mut self, region: Region);
    /// Unmaps a region.
    fn unmap_region(&mut self, region: Region);
    /// Gives all tables back. No page is mapped any more.
    fn give_back(self);
}
