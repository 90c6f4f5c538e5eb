//! Inspection of the pages and tables of an address space, for the audit.

use ::address_space::{PageRange, Region};
use paging::Mapping;
use x86_64::{PhysAddr, VirtAddr};

use super::address_space::AddressSpace;
use super::backing::Backing;
use super::frame_references;
use super::page_table::PAGE_BYTES;

impl AddressSpace {
    /// Calls `found` with each page that is mapped, lowest first, a huge page as its parts, and the
    /// region that has it, if one has. May wait; no page fault is served meanwhile.
    pub fn for_each_page(
        &self,
        mut found: impl FnMut(VirtAddr, Mapping, Option<&Region<Backing>>),
    ) {
        let mappings = self.mappings_for_change();
        // Pages come in rising order, as the regions do.
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

    /// Calls `found` with the frame of each table that is its own. May wait.
    pub fn for_each_table(&self, found: impl FnMut(PhysAddr)) {
        self.mappings().table.for_each_table(found);
    }
}
