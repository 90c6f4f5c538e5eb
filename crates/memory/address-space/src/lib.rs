//! The regions of a process's address space: the mapped addresses, their backing, and the
//! accesses that a program may make. Linux calls regions VMAs.
//!
//! [`Regions`] has no page tables, frames and files. The kernel calls its operations with the
//! address space locked, and changes page tables, files and committed memory according to their
//! results. The operations behave as on Linux:
//!
//! | call | here |
//! | --- | --- |
//! | mmap(2) | [`Regions::place`] without MAP_FIXED, then [`Regions::map`] |
//! | munmap(2) | [`Regions::unmap`] |
//! | mprotect(2) | [`Regions::protect`] |
//! | madvise(2) | [`Regions::advise`]; for advice about pages [`Regions::iter_range`] |
//! | mremap(2) | [`Regions::remap`] |
//! | brk(2) | [`Regions::start_heap`], [`Regions::set_program_break`] |
//! | mincore(2), msync(2) | [`Regions::first_hole`], [`Regions::iter_range`] |
//! | fork(2) | [`Regions::try_clone`] |
//! | page fault | [`Regions::find`], [`Regions::grow_stack`] |
//!
//! Guarantees:
//!
//! - A failed operation has changed nothing, unless its documentation says otherwise.
//! - Memory for regions is reserved before anything changes; if there is none, the
//!   operation fails.
//! - An operation takes O(log n) steps for n regions, and O(log n) for each region that it
//!   removes or changes. A search for a gap takes O(log n).
//! - Regions are merged wherever possible, so their number depends on the mappings, and not
//!   on the order of the calls.
//! - Memory is committed before anything changes: `commit` is called with the number of pages
//!   by which committed memory rises, and may refuse. If it falls, the number of pages is
//!   returned.
//!
//! ```
//! use address_space::*;
//!
//! /// Memory filled with zeros.
//! #[derive(Clone)]
//! struct Zeros;
//!
//! impl Backing for Zeros {
//!     fn advanced_by(&self, _bytes: u64) -> Self { Self }
//!     fn continues(&self, _bytes: u64, _next: &Self) -> bool { true }
//!     fn is_anonymous(&self) -> bool { true }
//!     fn allows(&self, _access: Access, _sharing: Sharing) -> bool { true }
//!     fn spans(&self, _len_bytes: u64) -> bool { true }
//! }
//!
//! let bounds = Bounds::try_new(0x1_0000, 0x7000_0000_0000, USER_END).unwrap();
//! let mut regions = Regions::new(bounds);
//! let range = regions.place(0, 0x4000, PAGE_BYTES).unwrap();
//! assert_eq!(range.start().as_u64(), 0x6fff_ffff_c000);
//! let attributes = Attributes {
//!     access: Access::READ | Access::WRITE,
//!     sharing: Sharing::Private,
//!     flags: RegionFlags::empty(),
//! };
//! let region = Region::new(range, attributes, Zeros);
//! let mut committed = 0;
//! let mut commit = |pages| { committed += pages; true };
//! let removed = regions.map(region, Overlap::Refused, &Limits::UNLIMITED, &mut commit).unwrap();
//! assert!(removed.regions.is_empty());
//! let page = PageRange::try_new(0x6fff_ffff_d000, 1).unwrap();
//! let removed = regions.unmap(page, &Limits::UNLIMITED).unwrap();
//! assert_eq!(removed.uncommitted_pages, 1);
//! assert_eq!((regions.len(), regions.usage().total_pages, committed), (2, 3, 4));
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod advise;
mod attributes;
mod backing;
mod bounds;
mod edit;
mod error;
mod fork;
mod gap;
mod heap;
mod layout;
mod lock;
mod map;
mod program_break;
mod protect;
mod range;
mod region;
mod regions;
mod remap;
mod search;
mod stack;
#[cfg(test)]
mod tests;
mod tree;
mod unmap;
mod usage;

pub use advise::Advice;
pub use attributes::{Access, Attributes, Lock, RegionFlags, Sharing};
pub use backing::Backing;
pub use bounds::Bounds;
pub use error::RegionError;
pub use gap::{GapRequest, Order};
pub use layout::Layout;
pub use map::Overlap;
pub use protect::Progress;
pub use range::{PAGE_BYTES, PageRange, RangeError, USER_END};
pub use region::{Region, STACK_GUARD_BYTES};
pub use regions::{Regions, Removed};
pub use remap::{RemapRequest, RemapSource, RemapTarget, Remapped};
pub use search::Iter;
pub use usage::{Limits, REGIONS_MAX, Usage};
