//! A page table, and what can be done with a single page.

use core::marker::PhantomData;

use x86_64::{PhysAddr, VirtAddr};

use crate::entry::{GenericPTE, X64PTE};
use crate::flush::{Changes, Flush};
use crate::geometry::{PageSize, PagingMetaData, X64PagingMetaData, index, span_bytes};
use crate::tables::{Capabilities, PagingHandler, Table, Tables};
use crate::{MappingFlags, PagingError};

/// The page table of x86_64.
pub type X64PageTable<H> = PageTable64<X64PagingMetaData, X64PTE, H>;

/// The most levels that a geometry may have.
const LEVELS_MAX: usize = 5;

/// A page table with its tables, which it frees when it is dropped. It must not
/// be loaded then.
pub struct PageTable64<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> {
    pub(crate) tables: Tables<H>,
    capabilities: Capabilities,
    types: PhantomData<(M, PTE)>,
}

/// What an address is mapped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The physical address.
    pub paddr: PhysAddr,
    /// What the mapping allows.
    pub flags: MappingFlags,
    /// The size of the page.
    pub size: PageSize,
}

/// Where the entry of an address is: the lowest entry in use, or the unused entry
/// that ends the walk.
pub(crate) struct Found<'a, PTE> {
    pub(crate) table: Table<'a>,
    pub(crate) level: usize,
    pub(crate) index: usize,
    pub(crate) entry: PTE,
    /// Where the entry that points to the table is, and that entry.
    parent: Option<(Table<'a>, usize, PTE)>,
}

impl<PTE: GenericPTE> Found<'_, PTE> {
    /// Notes that the entry is in use now.
    ///
    /// Should the processor set ACCESSED in the entry that points to the table
    /// meanwhile, it is lost: nobody asks for it there.
    #[inline]
    fn note_used(&self) {
        if let Some((table, index, mut pointer)) = self.parent {
            pointer.set_used(pointer.used() + 1);
            table.store(index, pointer);
        }
    }

    /// Notes that the entry isn't in use any more; tells whether the table, not
    /// the root, is empty now and so to be freed.
    #[inline]
    fn note_unused(&self) -> bool {
        let Some((table, index, mut pointer)) = self.parent else {
            return false;
        };
        let used = pointer.used() - 1;
        pointer.set_used(used);
        table.store(index, pointer);
        used == 0
    }

    #[inline]
    fn mapping(&self, offset_bytes: u64) -> Option<Mapping> {
        (!self.entry.is_unused()).then(|| Mapping {
            paddr: PhysAddr::new_truncate(self.entry.paddr().as_u64() + offset_bytes),
            flags: self.entry.flags(),
            size: PageSize::of_level(self.level).expect("walks end at a page"),
        })
    }
}

impl<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> PageTable64<M, PTE, H> {
    /// Makes a page table that maps nothing.
    ///
    /// # Errors
    /// [`PagingError::NoMemory`].
    pub fn try_new(handler: H) -> Result<Self, PagingError> {
        const { assert!(M::LEVELS <= LEVELS_MAX) };
        let capabilities = handler.capabilities();
        let tables = Tables::try_new(handler).ok_or(PagingError::NoMemory)?;
        Ok(Self { tables, capabilities, types: PhantomData })
    }

    /// Returns the physical address of the root table, for CR3.
    pub fn root_paddr(&self) -> PhysAddr {
        self.tables.root
    }

    /// Returns the kernel that hosts it.
    pub fn handler(&self) -> &H {
        &self.tables.handler
    }

    /// Tells whether pages can be kept from being executed.
    pub fn has_no_execute(&self) -> bool {
        self.capabilities.has_no_execute
    }

    /// Maps a page of `size` to a frame of the same size. Nothing has to be
    /// flushed. With no flags at all, nothing is mapped.
    ///
    /// # Errors
    /// [`PagingError::NotAligned`] and [`PagingError::InvalidAddress`] for the
    /// addresses, [`PagingError::AlreadyMapped`] if any part of the page is
    /// mapped, [`PagingError::NoMemory`].
    #[inline]
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
        let flags = self.allowed(flags);
        let vaddr = page.as_u64();
        let found = self.find(vaddr, size.level());
        if !found.entry.is_unused() {
            return Err(PagingError::AlreadyMapped);
        }
        let leaf = PTE::new_page(frame, flags, size != PageSize::Size4K);
        let entry = if found.level == size.level() {
            leaf
        } else {
            self.new_branch(vaddr, size.level(), found.level, leaf)?
        };
        found.table.store(found.index, entry);
        found.note_used();
        Ok(())
    }

    /// Unmaps the page that begins at `page`; returns what it was mapped to.
    ///
    /// # Errors
    /// [`PagingError::NotMapped`]; [`PagingError::MappedToHugePage`] if `page`
    /// lies within a large page.
    #[inline]
    pub fn unmap(&mut self, page: VirtAddr) -> Result<(Mapping, Flush<'_, H>), PagingError> {
        let (found, mapping) = self.find_page(page)?;
        let changes = self.unmap_found(page.as_u64(), &found);
        Ok((mapping, Flush::new(&self.tables.handler, changes)))
    }

    /// Maps the page that begins at `page` to another frame, with other flags.
    ///
    /// # Errors
    /// Those of [`unmap`](Self::unmap), and of the frame's address.
    #[inline]
    pub fn remap(
        &mut self,
        page: VirtAddr,
        frame: PhysAddr,
        flags: MappingFlags,
    ) -> Result<(PageSize, Flush<'_, H>), PagingError> {
        let (found, mapping) = self.find_page(page)?;
        Self::check_frame(frame, mapping.size)?;
        if flags.is_empty() {
            let (mapping, flush) = self.unmap(page)?;
            return Ok((mapping.size, flush));
        }
        let flags = self.allowed(flags);
        found.table.store(found.index, PTE::new_page(frame, flags, found.level > 1));
        let mut changes = Changes::default();
        changes.note(page.as_u64(), found.level);
        Ok((mapping.size, Flush::new(&self.tables.handler, changes)))
    }

    /// Changes what the page that begins at `page` allows; no flags unmap it.
    ///
    /// # Errors
    /// Those of [`unmap`](Self::unmap).
    #[inline]
    pub fn protect(
        &mut self,
        page: VirtAddr,
        flags: MappingFlags,
    ) -> Result<(PageSize, Flush<'_, H>), PagingError> {
        let (found, mapping) = self.find_page(page)?;
        if flags.is_empty() {
            let (mapping, flush) = self.unmap(page)?;
            return Ok((mapping.size, flush));
        }
        let changes = Self::protect_found(page.as_u64(), &found, self.allowed(flags));
        Ok((mapping.size, Flush::new(&self.tables.handler, changes)))
    }

    /// Returns what `vaddr`, any address within a page, is mapped to.
    ///
    /// # Errors
    /// [`PagingError::NotMapped`], [`PagingError::InvalidAddress`].
    #[inline]
    pub fn query(&self, vaddr: VirtAddr) -> Result<Mapping, PagingError> {
        let vaddr = vaddr.as_u64();
        if !M::vaddr_is_valid(vaddr) {
            return Err(PagingError::InvalidAddress);
        }
        let found = self.find(vaddr, 1);
        found.mapping(vaddr % span_bytes(found.level)).ok_or(PagingError::NotMapped)
    }

    /// Walks down to the entry of `vaddr` in a table of `lowest` level: ends
    /// there, at a large page, or at an unused entry.
    #[inline]
    pub(crate) fn find(&self, vaddr: u64, lowest: usize) -> Found<'_, PTE> {
        let mut table = self.tables.root();
        let mut level = M::LEVELS;
        let mut parent = None;
        loop {
            let index = index(vaddr, level);
            let entry: PTE = table.load(index);
            if level == lowest || !entry.is_table() {
                return Found { table, level, index, entry, parent };
            }
            parent = Some((table, index, entry));
            table = self.tables.child(entry);
            level -= 1;
        }
    }

    /// Finds the page that begins at `page`.
    #[inline]
    fn find_page(&self, page: VirtAddr) -> Result<(Found<'_, PTE>, Mapping), PagingError> {
        self.check_page(page, PageSize::Size4K)?;
        let found = self.find(page.as_u64(), 1);
        let mapping = found.mapping(0).ok_or(PagingError::NotMapped)?;
        if !page.as_u64().is_multiple_of(mapping.size.bytes()) {
            return Err(PagingError::MappedToHugePage);
        }
        Ok((found, mapping))
    }

    /// Unmaps the page at `page`, whose entry was found.
    #[inline]
    pub(crate) fn unmap_found(&self, page: u64, found: &Found<'_, PTE>) -> Changes {
        let mut unused = found.entry;
        unused.clear();
        found.table.store(found.index, unused);
        let mut changes = Changes::default();
        changes.note(page, found.level);
        if found.note_unused() {
            self.free_empty(page, found.level, &mut changes);
        }
        changes
    }

    /// Changes what the page at `page`, whose entry was found, allows.
    #[inline]
    pub(crate) fn protect_found(page: u64, found: &Found<'_, PTE>, flags: MappingFlags) -> Changes {
        let mut changes = Changes::default();
        let change = |mut entry: PTE| {
            entry.set_flags(flags, found.level > 1);
            entry
        };
        if change(found.entry).bits() != found.entry.bits() {
            found.table.update(found.index, change);
            changes.note(page, found.level);
        }
        changes
    }

    /// Makes the tables of the levels from below `top` down to `lowest`, each with
    /// one entry on the way to `vaddr`, the last of them `leaf`. Returns the entry
    /// for the table of level `top`.
    #[cold]
    fn new_branch(
        &self,
        vaddr: u64,
        lowest: usize,
        top: usize,
        leaf: PTE,
    ) -> Result<PTE, PagingError> {
        let mut entry = leaf;
        let mut frames = [None; LEVELS_MAX];
        for level in lowest..top {
            let Some(frame) = self.tables.new_child() else {
                frames.iter().flatten().for_each(|&frame| self.handler().dealloc_frame(frame));
                return Err(PagingError::NoMemory);
            };
            frames[level] = Some(frame);
            let mut pointer = PTE::new_table(frame);
            self.tables.child(pointer).store(index(vaddr, level), entry);
            pointer.set_used(1);
            entry = pointer;
        }
        Ok(entry)
    }

    /// Detaches the table of `level` on the way to `vaddr`, which is empty, and
    /// each one above that is empty then.
    #[cold]
    fn free_empty(&self, vaddr: u64, level: usize, changes: &mut Changes) {
        for parent_level in level + 1..=M::LEVELS {
            let parent = self.find(vaddr, parent_level);
            let mut unused = parent.entry;
            unused.clear();
            parent.table.store(parent.index, unused);
            changes.detach(&self.tables.handler, parent.entry.paddr());
            if !parent.note_unused() {
                return;
            }
        }
    }

    /// Returns the flags that the processor can keep.
    #[inline]
    pub(crate) fn allowed(&self, flags: MappingFlags) -> MappingFlags {
        if self.capabilities.has_no_execute { flags } else { flags | MappingFlags::EXECUTE }
    }

    /// Tells whether there are pages of `size`.
    #[inline]
    pub(crate) fn has_size(&self, size: PageSize) -> bool {
        size != PageSize::Size1G || self.capabilities.has_1gib_pages
    }

    #[inline]
    fn check_page(&self, page: VirtAddr, size: PageSize) -> Result<(), PagingError> {
        if !M::vaddr_is_valid(page.as_u64()) || !self.has_size(size) {
            return Err(PagingError::InvalidAddress);
        }
        if !page.as_u64().is_multiple_of(size.bytes()) {
            return Err(PagingError::NotAligned);
        }
        Ok(())
    }

    #[inline]
    fn check_frame(frame: PhysAddr, size: PageSize) -> Result<(), PagingError> {
        if !M::paddr_is_valid(frame) {
            return Err(PagingError::InvalidAddress);
        }
        if !frame.as_u64().is_multiple_of(size.bytes()) {
            return Err(PagingError::NotAligned);
        }
        Ok(())
    }
}

impl<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> Drop for PageTable64<M, PTE, H> {
    fn drop(&mut self) {
        self.for_each_table(|frame, _| self.tables.handler.dealloc_frame(frame));
    }
}
