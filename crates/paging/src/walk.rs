//! Looking at a page table: the way to an address, all mappings, all tables.

use x86_64::{PhysAddr, VirtAddr};

use crate::entry::GenericPTE;
use crate::geometry::{ENTRIES, PageSize, PagingMetaData, index, span_bytes};
use crate::page_table::{Mapping, PageTable64};
use crate::tables::{PagingHandler, Table};

/// A step on the way to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<PTE> {
    /// The table's level; the lowest is 1.
    pub level: usize,
    /// The table's frame.
    pub table: PhysAddr,
    /// The entry's index in the table.
    pub index: usize,
    /// The entry.
    pub entry: PTE,
}

impl<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> PageTable64<M, PTE, H> {
    /// Calls `see` with each step of the processor's walk to `vaddr`, from the
    /// root on.
    pub fn walk(&self, vaddr: VirtAddr, mut see: impl FnMut(Step<PTE>)) {
        let mut frame = self.root_paddr();
        let mut table = self.tables.root();
        for level in (1..=M::LEVELS).rev() {
            let index = index(vaddr.as_u64(), level);
            let entry: PTE = table.load(index);
            see(Step { level, table: frame, index, entry });
            if level == 1 || entry.is_unused() || entry.is_huge() {
                return;
            }
            frame = entry.paddr();
            table = self.tables.child(entry);
        }
    }

    /// Calls `see` with the address of each mapped page and its mapping, in rising
    /// order.
    pub fn for_each_mapping(&self, mut see: impl FnMut(VirtAddr, Mapping)) {
        self.mappings_in(self.tables.root(), M::LEVELS, 0, &mut see);
    }

    fn mappings_in(
        &self,
        table: Table<'_>,
        level: usize,
        base: u64,
        see: &mut impl FnMut(VirtAddr, Mapping),
    ) {
        for index in 0..ENTRIES {
            let entry: PTE = table.load(index);
            // Truncation extends the sign, which makes the address canonical.
            let vaddr = base + index as u64 * span_bytes(level);
            match PageSize::of_level(level) {
                _ if entry.is_unused() => {}
                Some(size) if level == 1 || entry.is_huge() => see(
                    VirtAddr::new_truncate(vaddr),
                    Mapping { paddr: entry.paddr(), flags: entry.flags(), size },
                ),
                _ => self.mappings_in(self.tables.child(entry), level - 1, vaddr, see),
            }
        }
    }

    /// Calls `see` with the frame and the level of each table, those below a table
    /// before it, the root last.
    pub fn for_each_table(&self, mut see: impl FnMut(PhysAddr, usize)) {
        self.tables_in(self.root_paddr(), self.tables.root(), M::LEVELS, &mut see);
    }

    fn tables_in(
        &self,
        frame: PhysAddr,
        table: Table<'_>,
        level: usize,
        see: &mut impl FnMut(PhysAddr, usize),
    ) {
        if level > 1 {
            for index in 0..ENTRIES {
                let entry: PTE = table.load(index);
                if !entry.is_unused() && !entry.is_huge() {
                    self.tables_in(entry.paddr(), self.tables.child(entry), level - 1, see);
                }
            }
        }
        see(frame, level);
    }
}
