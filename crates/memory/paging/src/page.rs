//! Operations on a single page.

use x86_64::{PhysAddr, VirtAddr};

use crate::entry::GenericPTE;
use crate::flush::{Changes, Flush};
use crate::geometry::{PageSize, PagingMetaData};
use crate::leaf::Leaf;
use crate::page_table::{Found, PageTable64};
use crate::tables::PagingHandler;
use crate::{MappingFlags, PagingError, SoftwarePayload};

impl<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> PageTable64<M, PTE, H> {
    /// Maps a page of `size` to a frame of the same size. Needs no flush. With empty flags,
    /// it maps nothing.
    ///
    /// # Errors
    /// [`PagingError::NotAligned`] and [`PagingError::InvalidAddress`] for the
    /// addresses, [`PagingError::AlreadyMapped`] if any part of the page is
    /// mapped, [`PagingError::NoMemory`].
    #[inline(always)]
    pub fn map(
        &mut self,
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
        let found = self.find(page.as_u64(), size.level());
        if !found.entry.is_unused() {
            return Err(PagingError::AlreadyMapped);
        }
        let leaf = self.new_page(frame, flags, size != PageSize::Size4K);
        self.insert(page.as_u64(), size.level(), &found, leaf)
    }

    /// Stores `leaf` in the unused entry `found` on the way to a table of `level`.
    #[inline(always)]
    fn insert(
        &self,
        vaddr: u64,
        level: usize,
        found: &Found<'_, PTE>,
        leaf: PTE,
    ) -> Result<(), PagingError> {
        let entry = if found.level == level {
            leaf
        } else {
            self.new_branch(vaddr, level, found.level, leaf)?
        };
        found.table.store(found.index, entry);
        found.note_used();
        Ok(())
    }

    /// Unmaps the page that begins at `page`, or removes the software payload there.
    /// Returns the removed leaf, with ACCESSED and DIRTY as of that moment.
    ///
    /// # Errors
    /// [`PagingError::NotMapped`]; [`PagingError::MappedToHugePage`] if `page` is within a
    /// large page.
    #[inline]
    pub fn unmap(&mut self, page: VirtAddr) -> Result<(Leaf<PTE>, Flush<'_, H>), PagingError> {
        let found = self.find_page(page)?;
        let (leaf, changes) = self.unmap_found(page.as_u64(), &found);
        Ok((leaf, Flush::new(&self.tables.handler, changes)))
    }

    /// Stores `payload` in place of the page of 4 KiB at `page`, which may be mapped,
    /// unmapped or hold another payload. Returns the old leaf, with ACCESSED and DIRTY as
    /// of that moment.
    ///
    /// # Errors
    /// [`PagingError::MappedToHugePage`] if `page` is part of a large page;
    /// [`PagingError::NoMemory`] if a missing table can't be allocated; the errors of the
    /// address.
    pub fn set_software(
        &mut self,
        page: VirtAddr,
        payload: SoftwarePayload,
    ) -> Result<(Option<Leaf<PTE>>, Flush<'_, H>), PagingError> {
        self.check_page(page, PageSize::Size4K)?;
        let found = self.find(page.as_u64(), 1);
        let entry = PTE::new_software(payload);
        let mut changes = Changes::default();
        let old = if found.entry.is_unused() {
            self.insert(page.as_u64(), 1, &found, entry)?;
            None
        } else if found.level > 1 {
            return Err(PagingError::MappedToHugePage);
        } else {
            let (old, replaced) = Self::replace_found(page.as_u64(), &found, entry);
            changes = replaced;
            Some(old)
        };
        Ok((old, Flush::new(&self.tables.handler, changes)))
    }

    /// Maps the page that begins at `page`, in place of its frame or software payload, to
    /// another frame with other flags. Returns the old leaf, with ACCESSED and DIRTY as of
    /// that moment.
    ///
    /// # Errors
    /// Those of [`unmap`](Self::unmap), and of the frame's address.
    #[inline]
    pub fn remap(
        &mut self,
        page: VirtAddr,
        frame: PhysAddr,
        flags: MappingFlags,
    ) -> Result<(Leaf<PTE>, Flush<'_, H>), PagingError> {
        let found = self.find_page(page)?;
        Self::check_frame(frame, PageSize::of_level(found.level))?;
        if flags.is_empty() {
            return self.unmap(page);
        }
        let entry = self.new_page(frame, flags, found.level > 1);
        let (old, changes) = Self::replace_found(page.as_u64(), &found, entry);
        Ok((old, Flush::new(&self.tables.handler, changes)))
    }

    /// Changes the flags of the page that begins at `page`; empty flags unmap it.
    ///
    /// # Errors
    /// Those of [`unmap`](Self::unmap); [`PagingError::NotPresent`] for a software payload.
    #[inline]
    pub fn protect(
        &mut self,
        page: VirtAddr,
        flags: MappingFlags,
    ) -> Result<(PageSize, Flush<'_, H>), PagingError> {
        let found = self.find_page(page)?;
        if !found.entry.is_page() {
            return Err(PagingError::NotPresent);
        }
        let size = PageSize::of_level(found.level);
        if flags.is_empty() {
            let (_, flush) = self.unmap(page)?;
            return Ok((size, flush));
        }
        let changes = Self::protect_found(page.as_u64(), &found, self.allowed(flags));
        Ok((size, Flush::new(&self.tables.handler, changes)))
    }

    /// Unmaps the page at `page`, whose entry is `found`; returns the old leaf.
    #[inline(always)]
    pub(crate) fn unmap_found(&self, page: u64, found: &Found<'_, PTE>) -> (Leaf<PTE>, Changes) {
        let mut unused = found.entry;
        unused.clear();
        let (old, mut changes) = Self::replace_found(page, found, unused);
        if found.note_unused() {
            changes.set_detached(self.detach_empty(page, found.level));
        }
        (old, changes)
    }

    /// Replaces the entry `found` of the page at `page`; returns the old leaf.
    #[inline(always)]
    fn replace_found(page: u64, found: &Found<'_, PTE>, entry: PTE) -> (Leaf<PTE>, Changes) {
        let old = found.table.replace(found.index, found.entry, entry);
        // By value, so that the compiler keeps it in registers.
        let changes =
            if old.is_present() { Changes::of_page(page, found.level) } else { Changes::default() };
        (Leaf::new(old, found.level), changes)
    }

    /// Changes the flags of the page at `page`, whose entry is `found`.
    #[inline]
    pub(crate) fn protect_found(page: u64, found: &Found<'_, PTE>, flags: MappingFlags) -> Changes {
        let mut changes = Changes::default();
        let template = PTE::new_page(PhysAddr::zero(), flags, found.level > 1);
        let change = |mut entry: PTE| {
            entry.set_flags_of(template);
            entry
        };
        if change(found.entry).bits() != found.entry.bits() {
            found.table.update(found.index, change);
            if found.entry.is_present() {
                changes = Changes::of_page(page, found.level);
            }
        }
        changes
    }
}
