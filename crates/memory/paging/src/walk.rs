//! Reading a page table: walks to an address, mappings, ranges, tables.

use core::ops::ControlFlow;

use x86_64::{PhysAddr, VirtAddr};

use crate::PagingError;
use crate::entry::GenericPTE;
use crate::geometry::{PagingMetaData, index, span_bytes};
use crate::leaf::{Leaf, Mapping};
use crate::page_table::PageTable64;
use crate::tables::{PagingHandler, Table};

/// A step of a walk to an address.
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

/// Walks to `vaddr` as the CPU does, from the table in the frame `root` on. Calls `see`
/// with each step, down to a page or to an entry that isn't present.
///
/// `read` returns the word at an index of the table in a frame. `None` ends the walk.
pub fn walk_tables<M: PagingMetaData, PTE: GenericPTE>(
    root: PhysAddr,
    vaddr: VirtAddr,
    mut read: impl FnMut(PhysAddr, usize) -> Option<u64>,
    mut see: impl FnMut(Step<PTE>),
) {
    let mut table = root;
    for level in (1..=M::LEVELS).rev() {
        let index = index(vaddr.as_u64(), level);
        let Some(entry) = read(table, index).map(PTE::from_bits) else {
            return;
        };
        see(Step { level, table, index, entry });
        if level == 1 || !entry.is_table() {
            return;
        }
        table = entry.paddr();
    }
}

/// Adjacent pages of one size, with the same flags, mapped to adjacent frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MappedRange {
    /// The address of the first page.
    pub start: VirtAddr,
    /// The number of pages.
    pub pages: u64,
    /// The mapping of the first page.
    pub mapping: Mapping,
}

impl MappedRange {
    /// Returns the length in bytes.
    pub fn len_bytes(&self) -> u64 {
        self.pages * self.mapping.size.bytes()
    }

    /// Returns the address of the last byte.
    pub fn last(&self) -> VirtAddr {
        VirtAddr::new_truncate(self.start.as_u64() + (self.len_bytes() - 1))
    }

    /// Returns the next canonical address after the range; `None` at the end of the address
    /// space.
    pub fn next(&self) -> Option<VirtAddr> {
        // Truncation extends the sign, and so skips the hole in the middle.
        self.last().as_u64().checked_add(1).map(VirtAddr::new_truncate)
    }

    /// Adds the next page, if it continues the range.
    fn extend(&mut self, page: VirtAddr, mapping: Mapping) -> ControlFlow<()> {
        let first = self.mapping;
        // `next` would skip the hole in the middle.
        let is_next = self.last().as_u64().checked_add(1) == Some(page.as_u64())
            && mapping.paddr == first.paddr + self.len_bytes()
            && (mapping.size, mapping.flags) == (first.size, first.flags);
        if !is_next {
            return ControlFlow::Break(());
        }
        self.pages += 1;
        ControlFlow::Continue(())
    }
}

impl<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> PageTable64<M, PTE, H> {
    /// Calls `see` with each step of the CPU's walk to `vaddr`, from the root on. In a
    /// half that another page table owns, the walk ends at the root.
    pub fn walk(&self, vaddr: VirtAddr, see: impl FnMut(Step<PTE>)) {
        let is_owned = self.check_vaddr(vaddr.as_u64()) != Err(PagingError::NotOwned);
        let read = |table, index| {
            // `read` is only called with frames of tables.
            (is_owned || table == self.root_paddr())
                .then(|| self.tables.child(PTE::new_table(table)).load::<PTE>(index).bits())
        };
        walk_tables::<M, PTE>(self.root_paddr(), vaddr, read, see);
    }

    /// Calls `see` with the address and the mapping of each mapped page, in rising order,
    /// until it breaks. Starts with the page that contains `start`, or the next one.
    pub fn for_each_mapping(
        &self,
        start: VirtAddr,
        mut see: impl FnMut(VirtAddr, Mapping) -> ControlFlow<()>,
    ) {
        self.for_each_leaf(start, |page, leaf| match leaf.mapping() {
            Some(mapping) => see(page, mapping),
            None => ControlFlow::Continue(()),
        });
    }

    /// Calls `see` as [`for_each_mapping`](Self::for_each_mapping) does, and with software
    /// payloads, too.
    pub fn for_each_leaf(
        &self,
        start: VirtAddr,
        mut see: impl FnMut(VirtAddr, Leaf<PTE>) -> ControlFlow<()>,
    ) {
        // The result says whether `see` has ended the walk, which the caller knows.
        let _ = self.leaves_in(self.tables.root(), M::LEVELS, 0, start.as_u64(), &mut see);
    }

    /// Returns the first range of mapped pages at or after `from`. It starts before
    /// `from` if `from` is within a page.
    pub fn next_range(&self, from: VirtAddr) -> Option<MappedRange> {
        let mut found: Option<MappedRange> = None;
        self.for_each_mapping(from, |page, mapping| match &mut found {
            Some(range) => range.extend(page, mapping),
            None => {
                found = Some(MappedRange { start: page, pages: 1, mapping });
                ControlFlow::Continue(())
            }
        });
        found
    }

    /// Calls `see` for the leaves of the table of `level` for the addresses from `base`
    /// on. Here addresses have no sign extension.
    fn leaves_in(
        &self,
        table: Table<'_>,
        level: usize,
        base: u64,
        start: u64,
        see: &mut impl FnMut(VirtAddr, Leaf<PTE>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let start = start & (span_bytes(M::LEVELS + 1) - 1);
        let first = if start > base { index(start, level) } else { 0 };
        let mut indexes = first..self.owned_entries(level);
        while let Some(index) = table.next_used(indexes.clone()) {
            indexes.start = index + 1;
            let entry: PTE = table.load(index);
            if self.is_kept_empty(level, index, entry) {
                continue;
            }
            let vaddr = base + index as u64 * span_bytes(level);
            if level > 1 && entry.is_table() {
                self.leaves_in(self.tables.child(entry), level - 1, vaddr, start, see)?;
            } else {
                // Truncation extends the sign.
                see(VirtAddr::new_truncate(vaddr), Leaf::new(entry, level))?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Calls `see` with the frame and the level of each table, after all tables below it;
    /// the root is the last one.
    pub fn for_each_table(&self, mut see: impl FnMut(PhysAddr, usize)) {
        self.tables_in(self.root_paddr(), self.tables.root(), M::LEVELS, &mut see);
    }

    pub(crate) fn tables_in(
        &self,
        frame: PhysAddr,
        table: Table<'_>,
        level: usize,
        see: &mut impl FnMut(PhysAddr, usize),
    ) {
        if level > 1 {
            let mut indexes = 0..self.owned_entries(level);
            while let Some(index) = table.next_used(indexes.clone()) {
                indexes.start = index + 1;
                let entry: PTE = table.load(index);
                if entry.is_table() {
                    self.tables_in(entry.paddr(), self.tables.child(entry), level - 1, see);
                }
            }
        }
        see(frame, level);
    }
}
