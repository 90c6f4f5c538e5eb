//! The mappings of an address space: its regions, and its page table.
//!
//! This is separate from the [`AddressSpace`](super::address_space::AddressSpace), because the
//! [reverse maps](super::reverse_map) refer to it. When an address space ends, it first takes the
//! regions out, so that a walk of a reverse map never drops the objects that the regions own.

use core::ops::Range;

use ::address_space::{PageRange, Region, Regions, Sharing};

use super::backing::Backing;
use super::page_table::{PAGE_BYTES, UserPageTable};
use super::reverse_map::{Mapper, PrivateCopies, ReverseMap};
use crate::sync::{Rank, RwLock};

/// The mappings of an address space.
pub struct Mappings {
    /// The regions.
    pub(super) regions: Regions<Backing>,
    /// The page table, whose lower half has pages of the regions.
    pub(super) table: UserPageTable,
}

/// The mappings, with the lock that protects them. Page faults take it for reading, so that they
/// can map pages at the same time. All other changes take it for writing.
pub(super) struct LockedMappings(pub(super) RwLock<Mappings>);

impl LockedMappings {
    pub(super) fn new(regions: Regions<Backing>, table: UserPageTable) -> Self {
        Self(RwLock::new(Rank::AddressSpace, Mappings { regions, table }))
    }
}

impl Mapper for LockedMappings {
    fn unmap_object(&self, map: &ReverseMap, pages: &Range<u64>, copies: PrivateCopies) {
        let mut mappings = self.0.write();
        let Mappings { regions, table } = &mut *mappings;
        for region in regions.iter() {
            let Some(range) = pages_in(region, map, pages) else {
                continue;
            };
            match (region.sharing(), copies) {
                (Sharing::Private, PrivateCopies::Kept) => table.unmap_all_but_copies(range),
                _ => table.unmap_range(range),
            }
        }
    }
}

/// Returns the pages at which `region` maps the indexes in `pages` of the object of `map`.
fn pages_in(region: &Region<Backing>, map: &ReverseMap, pages: &Range<u64>) -> Option<PageRange> {
    let Backing::Object { object, page: first } = region.backing() else {
        return None;
    };
    if !object.reverse_map().is_some_and(|own| core::ptr::eq(own, map)) {
        return None;
    }
    let start = pages.start.max(*first);
    let end = pages.end.min(first + region.range().pages());
    let len_pages = end.checked_sub(start).filter(|len| *len > 0)?;
    let address = region.range().start() + (start - first) * PAGE_BYTES;
    PageRange::try_new(address.as_u64(), len_pages * PAGE_BYTES).ok()
}
