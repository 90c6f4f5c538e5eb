//! Page tables of 4 levels.
//!
//! [`PageTable64`] is generic over the format of an entry ([`GenericPTE`]), the
//! geometry of the address space ([`PagingMetaData`]) and the kernel that hosts
//! it ([`PagingHandler`]), so the same code runs in the kernel and in tests on
//! the host. [`X64PageTable`] is the one for x86_64.
//!
//! Guarantees:
//!
//! - A failed operation leaves every translation unchanged, and leaks no frame.
//! - A table that becomes empty is freed after the TLB flush.
//! - A flush can't be forgotten: an operation that changes entries that the TLB may hold
//!   returns a [`Flush`], which calls [`PagingHandler::flush`] when it is dropped. Each
//!   page table has its own handler, so it flushes the CPUs that use it. An entry that
//!   wasn't present needs no flush.
//! - Changing a part of a large page splits the page; all bits of the other parts stay
//!   unchanged.
//! - Several threads can map pages at once, without a lock
//!   ([`PageTable64::map_concurrently`]).
//! - ACCESSED and DIRTY, which the CPU sets in an entry, are kept when the entry is
//!   changed, and returned when it is removed.
//! - An upper half can be shared: the tables that its root entries point to are never
//!   freed, and only the page table that owns it changes it.
//!
//! Tables are read and written as atomic words, because the CPU reads them and sets
//! ACCESSED and DIRTY at any time. Only [`tables`] has unsafe operations; they rely on the
//! contracts of two traits.

#![no_std]
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod clone;
mod concurrent;
mod entry;
mod error;
mod flags;
mod flush;
mod geometry;
mod leaf;
mod page;
mod page_table;
mod region;
mod scope;
mod software_payload;
mod split;
#[expect(unsafe_code, reason = "converts a table's physical address into a reference")]
mod tables;
#[cfg(test)]
mod tests;
mod upper_half;
mod upper_owner;
mod walk;
mod x64_entry;

pub use clone::OnClone;
pub use entry::GenericPTE;
pub use error::PagingError;
pub use flags::MappingFlags;
pub use flush::Flush;
pub use geometry::{PageSize, PagingMetaData, X64PagingMetaData};
pub use leaf::{Leaf, Mapping};
pub use page_table::{PageTable64, X64PageTable};
pub use region::HugePages;
pub use scope::FlushScope;
pub use software_payload::SoftwarePayload;
pub use tables::{Capabilities, PagingHandler};
pub use upper_half::UpperHalf;
pub use walk::{MappedRange, Step, walk_tables};
pub use x64_entry::X64PTE;
