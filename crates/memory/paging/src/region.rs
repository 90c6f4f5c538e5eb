//! Operations on ranges of pages, which walk each table once.

use core::ops::{ControlFlow, Range};

use x86_64::{PhysAddr, VirtAddr};

use crate::entry::GenericPTE;
use crate::flush::{Changes, Flush, Span};
use crate::geometry::{ENTRIES, PageSize, PagingMetaData, index, span_bytes};
use crate::leaf::Leaf;
use crate::page_table::{Found, PageTable64};
use crate::tables::{PagingHandler, Table};
use crate::{MappingFlags, PagingError};

/// Whether a region may be mapped by large pages where they fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HugePages {
    /// Only pages of 4 KiB.
    Forbidden,
    /// The largest pages that the addresses and the length allow.
    Allowed,
}

/// A range of addresses in one half of the address space: its first and its last byte.
#[derive(Clone, Copy)]
pub(crate) struct AddressRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl AddressRange {
    /// Returns the parts of the range that single entries of a table of `level` span.
    fn parts(self, level: usize) -> impl Iterator<Item = Self> {
        let mut next = Some(self.first);
        core::iter::from_fn(move || {
            let first = next?;
            let last = (first | (span_bytes(level) - 1)).min(self.last);
            next = (last < self.last).then(|| last + 1);
            Some(Self { first, last })
        })
    }

    /// Returns the indexes of the entries that span the range, in a table of `level` that spans all
    /// of it.
    fn indexes(self, level: usize) -> Range<usize> {
        index(self.first, level)..index(self.last, level) + 1
    }

    /// Returns the first address that a table of `level` spans, if it spans all of the range.
    fn base(self, level: usize) -> u64 {
        self.first & !(span_bytes(level) * ENTRIES as u64 - 1)
    }

    /// Returns the part of the range that the entry at `slot` of a table of `level` spans.
    fn part(self, slot: usize, level: usize) -> Self {
        let span = span_bytes(level);
        let first = self.base(level) + slot as u64 * span;
        Self { first: first.max(self.first), last: (first + (span - 1)).min(self.last) }
    }

    /// Returns whether the range is exactly the page that was found at its start.
    #[inline]
    fn is_page<PTE: GenericPTE>(self, found: &Found<'_, PTE>) -> bool {
        !found.entry.is_unused()
            && self.is_whole(found.level)
            && self.first.is_multiple_of(span_bytes(found.level))
    }

    /// Returns whether the range is exactly the span of one entry of `level`.
    fn is_whole(self, level: usize) -> bool {
        self.last - self.first == span_bytes(level) - 1
    }
}

/// The parameters of mapping a range.
struct Plan<PTE> {
    /// Physical address minus virtual address, wrapping.
    shift: u64,
    /// The highest level at which pages are allowed.
    highest: usize,
    /// The entries of a page of each level, without the address.
    templates: [PTE; 4],
}

/// The address where mapping a range failed, and the error.
struct Failure {
    error: PagingError,
    at: u64,
}

impl<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> PageTable64<M, PTE, H> {
    /// Maps `len_bytes` bytes from `start` on to the physical memory from `paddr` on: all
    /// of it, or nothing. Needs no flush.
    ///
    /// # Errors
    /// Those of [`map`](Self::map).
    #[inline]
    pub fn map_region(
        &mut self,
        start: VirtAddr,
        paddr: PhysAddr,
        len_bytes: u64,
        flags: MappingFlags,
        huge_pages: HugePages,
    ) -> Result<(), PagingError> {
        let Some(range) = self.range(start, len_bytes)? else {
            return Ok(());
        };
        let last_frame = paddr.as_u64().checked_add(len_bytes - 1);
        if last_frame.is_none_or(|last| last >> M::PA_MAX_BITS != 0) {
            return Err(PagingError::InvalidAddress);
        }
        if !paddr.is_aligned(PageSize::Size4K.bytes()) {
            return Err(PagingError::NotAligned);
        }
        if flags.is_empty() {
            return Ok(());
        }
        let highest = match huge_pages {
            HugePages::Forbidden => 1,
            HugePages::Allowed if self.has_size(PageSize::Size1G) => 3,
            HugePages::Allowed => 2,
        };
        for size in [PageSize::Size4K, PageSize::Size2M, PageSize::Size1G] {
            let is_page = len_bytes == size.bytes()
                && (range.first | paddr.as_u64()).is_multiple_of(len_bytes);
            if is_page && size.level() <= highest {
                return self.map(start, paddr, size, flags);
            }
        }
        self.map_pages(range, paddr, self.allowed(flags), highest)
    }

    /// Maps a range by pages of levels up to `highest`.
    fn map_pages(
        &self,
        range: AddressRange,
        paddr: PhysAddr,
        flags: MappingFlags,
        highest: usize,
    ) -> Result<(), PagingError> {
        let plan = Plan {
            shift: paddr.as_u64().wrapping_sub(range.first),
            highest,
            templates: Self::templates(flags),
        };
        let Err(failure) = self.map_range(self.tables.root(), M::LEVELS, range, &plan, &mut 0)
        else {
            return Ok(());
        };
        let mut changes = Changes::default();
        if failure.at > range.first {
            // All pages mapped so far were unused before.
            let mapped = AddressRange { first: range.first, last: failure.at - 1 };
            self.unmap_all(mapped, &mut changes, |_, _| ControlFlow::Continue(()));
        }
        Flush::new(&self.tables.handler, changes).flush();
        Err(failure.error)
    }

    /// Unmaps everything that is mapped in the `len_bytes` bytes from `start` on. Large
    /// pages that reach beyond the range are split.
    ///
    /// # Errors
    /// [`PagingError::NotAligned`], [`PagingError::InvalidAddress`];
    /// [`PagingError::NoMemory`] if a large page can't be split.
    #[inline]
    pub fn unmap_region(
        &mut self,
        start: VirtAddr,
        len_bytes: u64,
    ) -> Result<Flush<'_, H>, PagingError> {
        let mut changes = Changes::default();
        if let Some(range) = self.range(start, len_bytes)? {
            let found = self.find(range.first, 1);
            if range.is_page(&found) {
                changes = self.unmap_found(range.first, &found).1;
            } else {
                self.split_ends(range, &mut changes)?;
                self.unmap_all(range, &mut changes, |_, _| ControlFlow::Continue(()));
            }
        }
        Ok(Flush::new(&self.tables.handler, changes))
    }

    /// Unmaps everything that is mapped in the `len_bytes` bytes from `start` on, as
    /// [`unmap_region`](Self::unmap_region) does. Calls `take` with the address and the
    /// removed leaf of each page, in rising order, with ACCESSED and DIRTY as of that
    /// moment. A frame may only be freed after the flush.
    ///
    /// `take` may break, for example if it has no room for more frames. The pages after
    /// that stay mapped, and the address to continue from is returned.
    ///
    /// # Errors
    /// Those of [`unmap_region`](Self::unmap_region), before the first call of `take`.
    #[inline]
    pub fn unmap_region_with(
        &mut self,
        start: VirtAddr,
        len_bytes: u64,
        mut take: impl FnMut(VirtAddr, Leaf<PTE>) -> ControlFlow<()>,
    ) -> Result<(Option<VirtAddr>, Flush<'_, H>), PagingError> {
        let mut changes = Changes::default();
        let mut next = None;
        if let Some(range) = self.range(start, len_bytes)? {
            let found = self.find(range.first, 1);
            if range.is_page(&found) {
                let leaf;
                (leaf, changes) = self.unmap_found(range.first, &found);
                // The page is the whole range, so there is none to continue with.
                let _ = take(start, leaf);
            } else {
                self.split_ends(range, &mut changes)?;
                next = self.unmap_all(range, &mut changes, take);
            }
        }
        Ok((next, Flush::new(&self.tables.handler, changes)))
    }

    /// Splits the large pages that reach beyond the `len_bytes` bytes from `start` on, so that
    /// operations on that range can't fail for lack of memory.
    ///
    /// # Errors
    /// Those of [`unmap_region`](Self::unmap_region).
    pub fn split_ends_of_region(
        &mut self,
        start: VirtAddr,
        len_bytes: u64,
    ) -> Result<Flush<'_, H>, PagingError> {
        let mut changes = Changes::default();
        if let Some(range) = self.range(start, len_bytes)? {
            self.split_ends(range, &mut changes)?;
        }
        Ok(Flush::new(&self.tables.handler, changes))
    }

    /// Changes the flags of the pages in the `len_bytes` bytes from `start` on; empty flags
    /// unmap them. Software payloads stay. Large pages that reach beyond the range are
    /// split.
    ///
    /// # Errors
    /// Those of [`unmap_region`](Self::unmap_region).
    #[inline]
    pub fn protect_region(
        &mut self,
        start: VirtAddr,
        len_bytes: u64,
        flags: MappingFlags,
    ) -> Result<Flush<'_, H>, PagingError> {
        if flags.is_empty() {
            return self.unmap_region(start, len_bytes);
        }
        let flags = self.allowed(flags);
        let mut changes = Changes::default();
        if let Some(range) = self.range(start, len_bytes)? {
            let found = self.find(range.first, 1);
            if range.is_page(&found) && found.entry.is_page() {
                changes = Self::protect_found(range.first, &found, flags);
            } else {
                self.split_ends(range, &mut changes)?;
                let templates = Self::templates(flags);
                self.protect_range(self.tables.root(), M::LEVELS, range, &templates, &mut changes);
            }
        }
        Ok(Flush::new(&self.tables.handler, changes))
    }

    /// Returns the entries of a page of each level, without the address.
    fn templates(flags: MappingFlags) -> [PTE; 4] {
        core::array::from_fn(|level| PTE::new_page(PhysAddr::zero(), flags, level > 1))
    }

    /// Returns the range, or `None` if it is empty.
    #[inline]
    fn range(&self, start: VirtAddr, len_bytes: u64) -> Result<Option<AddressRange>, PagingError> {
        let first = start.as_u64();
        let page = PageSize::Size4K.bytes();
        if !first.is_multiple_of(page) || !len_bytes.is_multiple_of(page) {
            return Err(PagingError::NotAligned);
        }
        self.check_vaddr(first)?;
        if len_bytes == 0 {
            return Ok(None);
        }
        let last = first.checked_add(len_bytes - 1).ok_or(PagingError::InvalidAddress)?;
        // Both addresses are in the same half if their bits `VA_MAX_BITS` - 1 are equal.
        if !M::vaddr_is_valid(last) || (first ^ last) >> (M::VA_MAX_BITS - 1) != 0 {
            return Err(PagingError::InvalidAddress);
        }
        Ok(Some(AddressRange { first, last }))
    }

    /// Maps a range within a table of `level` that has `used` entries in use.
    fn map_range(
        &self,
        table: Table<'_>,
        level: usize,
        range: AddressRange,
        plan: &Plan<PTE>,
        used: &mut usize,
    ) -> Result<(), Failure> {
        for part in range.parts(level) {
            let fail = |error| Failure { error, at: part.first };
            let index = index(part.first, level);
            let entry: PTE = table.load(index);
            let paddr = part.first.wrapping_add(plan.shift);
            let is_page = level == 1
                || level <= plan.highest
                    && part.is_whole(level)
                    && paddr.is_multiple_of(span_bytes(level));
            if is_page {
                if !entry.is_unused() {
                    return Err(fail(PagingError::AlreadyMapped));
                }
                let mut page = plan.templates[level];
                page.set_paddr(PhysAddr::new(paddr));
                table.store(index, page);
                *used += 1;
                continue;
            }
            let is_new = entry.is_unused();
            let mut pointer = if is_new {
                let frame = self.tables.new_child().ok_or(fail(PagingError::NoMemory))?;
                PTE::new_table(frame)
            } else if !entry.is_table() {
                return Err(fail(PagingError::AlreadyMapped));
            } else {
                entry
            };
            let child = self.tables.child(pointer);
            let mut child_used = pointer.used();
            let result = self.map_range(child, level - 1, part, plan, &mut child_used);
            // An entry points to a new table only after the table is filled, and never if
            // nothing could be mapped in it. (An old table is never empty.)
            if child_used == 0 {
                self.tables.handler.dealloc_frame(pointer.paddr());
            } else {
                pointer.set_used(child_used);
                table.store(index, pointer);
                *used += usize::from(is_new);
            }
            result?;
        }
        Ok(())
    }

    /// Unmaps a range; returns the address to continue from, if `take` breaks.
    fn unmap_all(
        &self,
        range: AddressRange,
        changes: &mut Changes,
        mut take: impl FnMut(VirtAddr, Leaf<PTE>) -> ControlFlow<()>,
    ) -> Option<VirtAddr> {
        // The root isn't freed, so the number of its entries in use is never needed.
        let mut used = ENTRIES;
        let root = self.tables.root();
        match self.unmap_range(root, M::LEVELS, range, &mut used, changes, &mut take) {
            ControlFlow::Break(last) if last < range.last => Some(VirtAddr::new_truncate(last + 1)),
            ControlFlow::Break(_) | ControlFlow::Continue(()) => None,
        }
    }

    /// Unmaps a range within a table of `level` that has `used` entries in use. If `take`
    /// breaks, returns the last address that was unmapped.
    fn unmap_range(
        &self,
        table: Table<'_>,
        level: usize,
        range: AddressRange,
        used: &mut usize,
        changes: &mut Changes,
        take: &mut impl FnMut(VirtAddr, Leaf<PTE>) -> ControlFlow<()>,
    ) -> ControlFlow<u64> {
        let mut changed = Span::new();
        let mut flow = ControlFlow::Continue(());
        let mut unseen = *used;
        let mut slots = range.indexes(level);
        let base = range.base(level);
        let span_bytes = span_bytes(level);
        while unseen > 0
            && let Some(slot) = table.next_used(slots.clone())
        {
            slots.start = slot + 1;
            unseen -= 1;
            let entry: PTE = table.load(slot);
            let mut left = entry;
            if level == 1 || !entry.is_table() {
                // No large page reaches beyond the range.
                let first = base + slot as u64 * span_bytes;
                left.clear();
                let old = table.replace(slot, entry, left);
                if old.is_present() {
                    changed.push(first);
                }
                *used -= 1;
                let page = VirtAddr::new_truncate(first);
                if take(page, Leaf::new(old, level)).is_break() {
                    flow = ControlFlow::Break(first + (span_bytes - 1));
                    break;
                }
                continue;
            }
            let part = range.part(slot, level);
            let child = self.tables.child(entry);
            let mut child_used = entry.used();
            flow = self.unmap_range(child, level - 1, part, &mut child_used, changes, take);
            left.set_used(child_used);
            if child_used == 0 {
                left.clear();
                *used -= 1;
            }
            table.store(slot, left);
            if child_used == 0 {
                changes.detach(&self.tables.handler, entry.paddr());
            }
            if flow.is_break() {
                break;
            }
        }
        changes.note_span(changed, level);
        flow
    }

    fn protect_range(
        &self,
        table: Table<'_>,
        level: usize,
        range: AddressRange,
        templates: &[PTE; 4],
        changes: &mut Changes,
    ) {
        let template = templates[level.min(3)];
        let mut changed = Span::new();
        let mut indexes = range.indexes(level);
        while let Some(index) = table.next_used(indexes.clone()) {
            indexes.start = index + 1;
            let part = range.part(index, level);
            let entry: PTE = table.load(index);
            if level > 1 && entry.is_table() {
                self.protect_range(self.tables.child(entry), level - 1, part, templates, changes);
                continue;
            }
            if !entry.is_page() {
                continue;
            }
            let change = |mut entry: PTE| {
                entry.set_flags_of(template);
                entry
            };
            if change(entry).bits() != entry.bits() {
                table.update(index, change);
                if entry.is_present() {
                    changed.push(part.first);
                }
            }
        }
        changes.note_span(changed, level);
    }
}
