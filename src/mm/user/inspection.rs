//! Inspection of the pages and tables of an address space, for the audit.

use ::address_space::{PageRange, Region};
use paging::Mapping;
use x86_64::{PhysAddr, VirtAddr};

use super::address_space::AddressSpace;
use super::backing::Backing;
use super::frame_references;
use super::page_table::PAGE_BYTES;

impl AddressSpace {
    /// Calls `found` with each mapped page, lowest first, and its region, if it has one. A huge
    /// page is passed as its parts. May wait; page faults wait until this returns.
    pub fn for_each_page(
        &self,
        mut found: impl FnMut(VirtAddr, Mapping, Option<&Region<Backing>>),
    ) {
        let mappings = self.mappings_for_change();
        // Pages are visited in ascending order, as are the regions.
        let mut parts = mappings.regions.iter().peekable();
        mappings.table.for_each_page(PageRange::ALL, |page, mapping| {
            while parts.next_if(|region| region.range().end() <= page).is_some() {}
            let region = parts.peek().copied().filter(|region| region.range().contains(page));
            for part in 0..frame_references::count(mapping.size) {
                let offset_bytes = part * PAGE_BYTES;
                let part = Mapping { paddr: mapping.paddr + offset_bytes, ..mapping };
                found(page + offset_bytes, part, region);
            }
        });
    }

    /// Calls `found` with the frame of each table of the program's half. May wait.
    pub fn for_each_table(&self, found: impl FnMut(PhysAddr)) {
        self.mappings().table.for_each_table(found);
    }
}
