//! Operations that several threads may run at once: the page faults of a program's threads.
//!
//! They take the page table by `&self`, change one entry by a compare-exchange, and don't wait for
//! each other. Operations that unmap pages and remove tables take `&mut self`, so a table that was
//! found stays in use meanwhile:
//!
//! ```text
//!  an unused entry ── map_concurrently ──▶ a page ── exchange ──▶ a page
//!                └─── map_concurrently ──▶ a table, which stays during these operations
//! ```

use x86_64::{PhysAddr, VirtAddr};

use crate::entry::GenericPTE;
use crate::flush::{Changes, Flush};
use crate::geometry::{PageSize, PagingMetaData, index};
use crate::leaf::{Leaf, Mapping};
use crate::page_table::PageTable64;
use crate::tables::PagingHandler;
use crate::{MappingFlags, PagingError};

impl<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> PageTable64<M, PTE, H> {
    /// Maps a page of `size` to a frame of the same size, as [`map`](Self::map) does, while other
    /// threads map pages, too. Needs no flush.
    ///
    /// # Errors
    /// Those of [`map`](Self::map). If several threads map the same page, all but one get
    /// [`PagingError::AlreadyMapped`].
    pub fn map_concurrently(
        &self,
        page: VirtAddr,
        frame: PhysAddr,
        size: PageSize,
        flags: MappingFlags,
    ) -> Result<(), PagingError> {
        self.check_page(page, size)?;
        Self::check_frame(frame, size)?;
        if flags.is_empty() {
            return Ok(());
        }
        let (vaddr, lowest) = (page.as_u64(), size.level());
        let leaf = self.new_page(frame, flags, size != PageSize::Size4K);
        loop {
            let found = self.find(vaddr, lowest);
            if !found.entry.is_unused() {
                return Err(PagingError::AlreadyMapped);
            }
            let entry = match found.level == lowest {
                true => leaf,
                false => self.new_branch(vaddr, lowest, found.level, leaf)?,
            };
            if found.table.exchange(found.index, found.entry, entry) {
                found.note_used_concurrently(1);
                return Ok(());
            }
            // Another thread was faster. If it has made a table, the page may fit in there.
            self.free_branch(vaddr, lowest, found.level, entry);
        }
    }

    /// Maps pages of 4 KiB from `first` on, all in one table of the lowest level, to those of
    /// `frames` that are given, as [`map_concurrently`](Self::map_concurrently) does. Pages that
    /// are mapped already stay, and without such a table nothing is mapped. Calls `mapped` with the
    /// position of each page that was mapped.
    ///
    /// # Errors
    /// Those of the addresses. Pages before the wrong one are mapped then.
    ///
    /// # Panics
    /// If the pages reach beyond the table.
    pub fn map_beside_concurrently(
        &self,
        first: VirtAddr,
        frames: impl Iterator<Item = Option<PhysAddr>>,
        flags: MappingFlags,
        mut mapped: impl FnMut(usize),
    ) -> Result<(), PagingError> {
        self.check_page(first, PageSize::Size4K)?;
        let found = self.find(first.as_u64(), 1);
        if found.level != 1 {
            return Ok(());
        }
        let unused = PTE::from_bits(0);
        let template = self.new_page(PhysAddr::zero(), flags, false);
        let mut count = 0;
        let mut result = Ok(());
        for (position, frame) in frames.enumerate() {
            let index = found.index + position;
            let Some(frame) = frame.filter(|_| found.table.load::<PTE>(index).is_unused()) else {
                continue;
            };
            result = Self::check_frame(frame, PageSize::Size4K);
            if result.is_err() {
                break;
            }
            let mut entry = template;
            entry.set_paddr(frame);
            if found.table.exchange(index, unused, entry) {
                count += 1;
                mapped(position);
            }
        }
        found.note_used_concurrently(count);
        result
    }

    /// Maps the page that begins at `page`, which was [found](Self::query) mapped as `from`, to
    /// `frame` with other flags. If the frame stays the same, ACCESSED and DIRTY stay. Returns the
    /// old leaf.
    ///
    /// # Errors
    /// [`PagingError::Changed`] if the page is no longer mapped as `from`. Those of
    /// [`query`](Self::query), and of the frame's address. [`PagingError::MappedToHugePage`] if
    /// `page` is within a large page.
    pub fn exchange(
        &self,
        page: VirtAddr,
        from: &Mapping,
        frame: PhysAddr,
        flags: MappingFlags,
    ) -> Result<(Leaf<PTE>, Flush<'_, H>), PagingError> {
        let mut found = self.find_page(page)?;
        Self::check_frame(frame, PageSize::of_level(found.level))?;
        let template = self.new_page(frame, flags, found.level > 1);
        loop {
            let leaf = found.leaf()?;
            let is_as_found = leaf.mapping().is_some_and(|now| {
                (now.paddr, now.flags, now.size) == (from.paddr, from.flags, from.size)
            });
            if !is_as_found {
                return Err(PagingError::Changed);
            }
            let mut entry = template;
            if frame == from.paddr {
                entry = found.entry;
                entry.set_flags_of(template);
            }
            if found.table.exchange(found.index, found.entry, entry) {
                let changes = match found.entry.is_present() {
                    true => Changes::of_page(page.as_u64(), found.level),
                    false => Changes::default(),
                };
                return Ok((leaf, Flush::new(&self.tables.handler, changes)));
            }
            // The CPU has set ACCESSED or DIRTY, or another thread was faster.
            found.entry = found.table.load(found.index);
        }
    }

    /// Frees the tables that [`new_branch`](Self::new_branch) has made for an entry of a table of
    /// level `top`, if the entry wasn't stored.
    #[cold]
    fn free_branch(&self, vaddr: u64, lowest: usize, top: usize, branch: PTE) {
        let mut entry = branch;
        for level in (lowest..top).rev() {
            let frame = entry.paddr();
            entry = self.tables.child(entry).load(index(vaddr, level));
            self.tables.handler.dealloc_frame(frame);
        }
    }
}
