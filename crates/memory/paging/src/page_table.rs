//! A page table, and its lookups.

use core::marker::PhantomData;

use x86_64::{PhysAddr, VirtAddr};

use crate::entry::GenericPTE;
use crate::geometry::{PageSize, PagingMetaData, X64PagingMetaData, index, span_bytes};
use crate::leaf::{Leaf, Mapping};
use crate::tables::{Capabilities, Detached, PagingHandler, Table, Tables};
use crate::upper_owner::UpperOwner;
use crate::x64_entry::X64PTE;
use crate::{MappingFlags, PagingError};

/// The page table of x86_64.
pub type X64PageTable<H> = PageTable64<X64PagingMetaData, X64PTE, H>;

/// The most levels that a geometry may have.
const LEVELS_MAX: usize = 5;

/// A page table. It owns its tables, and frees them when it is dropped; at that time no
/// CPU may have it loaded.
pub struct PageTable64<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> {
    pub(crate) tables: Tables<H>,
    capabilities: Capabilities,
    keeps_all_flags: bool,
    pub(crate) upper_owner: UpperOwner,
    /// The [`PagingMetaData::high_bits`] of the addresses that the page table owns, in
    /// addition to 0.
    upper_bits: i64,
    types: PhantomData<(M, PTE)>,
}

/// The end of the walk to an address: the lowest entry in use, or the unused entry that
/// ends the walk.
pub(crate) struct Found<'a, PTE> {
    pub(crate) table: Table<'a>,
    pub(crate) level: usize,
    pub(crate) index: usize,
    pub(crate) entry: PTE,
    /// The entry that points to the table: its table, its index and its value.
    parent: Option<(Table<'a>, usize, PTE)>,
}

impl<PTE: GenericPTE> Found<'_, PTE> {
    /// Counts the entry as in use.
    ///
    /// An ACCESSED bit that the CPU sets at the same time in the entry that points to the
    /// table may be lost. It is never read there.
    #[inline]
    pub(crate) fn note_used(&self) {
        if let Some((table, index, mut pointer)) = self.parent {
            pointer.set_used(pointer.used() + 1);
            table.store(index, pointer);
        }
    }

    /// Counts `count` entries of the table as in use, while other threads count others of it.
    #[inline]
    pub(crate) fn note_used_concurrently(&self, count: usize) {
        if let Some((table, index, _)) = self.parent {
            table.update_always(index, |mut pointer: PTE| {
                pointer.set_used(pointer.used() + count);
                pointer
            });
        }
    }

    /// Counts the entry as unused. Returns whether the table is empty now and has to be
    /// freed; the root is never freed.
    #[inline]
    pub(crate) fn note_unused(&self) -> bool {
        let Some((table, index, mut pointer)) = self.parent else {
            return false;
        };
        let used = pointer.used() - 1;
        pointer.set_used(used);
        table.store(index, pointer);
        used == 0
    }

    /// Returns the leaf in the entry, if it is used.
    #[inline]
    pub(crate) fn leaf(&self) -> Result<Leaf<PTE>, PagingError> {
        if self.entry.is_unused() {
            return Err(PagingError::NotMapped);
        }
        Ok(Leaf::new(self.entry, self.level))
    }
}

impl<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> PageTable64<M, PTE, H> {
    /// Makes a page table that maps nothing.
    ///
    /// # Errors
    /// [`PagingError::NoMemory`].
    pub fn try_new(handler: H) -> Result<Self, PagingError> {
        Self::try_new_with(handler, UpperOwner::ThisPageTable)
    }

    pub(crate) fn try_new_with(handler: H, upper_owner: UpperOwner) -> Result<Self, PagingError> {
        const { assert!(M::LEVELS <= LEVELS_MAX) };
        let capabilities = handler.capabilities();
        let tables = Tables::try_new(handler).ok_or(PagingError::NoMemory)?;
        let upper_bits = if upper_owner == UpperOwner::Another { 0 } else { -1 };
        let keeps_all_flags = capabilities.has_no_execute && capabilities.has_write_combining;
        let types = PhantomData;
        Ok(Self { tables, capabilities, keeps_all_flags, upper_owner, upper_bits, types })
    }

    /// Returns the physical address of the root table, for CR3.
    pub fn root_paddr(&self) -> PhysAddr {
        self.tables.root
    }

    /// Returns the handler.
    pub fn handler(&self) -> &H {
        &self.tables.handler
    }

    /// Returns those of `flags` that the page table can keep on this CPU.
    pub fn kept_flags(&self, flags: MappingFlags) -> MappingFlags {
        if flags.is_empty() { flags } else { self.allowed(flags).normalized() }
    }

    /// Returns the mapping of `vaddr`, which may be any address within a page.
    ///
    /// # Errors
    /// [`PagingError::NotMapped`], [`PagingError::NotPresent`],
    /// [`PagingError::InvalidAddress`], [`PagingError::NotOwned`].
    #[inline]
    pub fn query(&self, vaddr: VirtAddr) -> Result<Mapping, PagingError> {
        self.check_vaddr(vaddr.as_u64())?;
        let found = self.find(vaddr.as_u64(), 1);
        let offset_bytes = vaddr.as_u64() % span_bytes(found.level);
        let leaf = Leaf::new(found.entry, found.level);
        leaf.mapping_at(offset_bytes).ok_or_else(|| match found.leaf() {
            Ok(_) => PagingError::NotPresent,
            Err(error) => error,
        })
    }

    /// Returns the page that contains `vaddr`, or the software payload in its place.
    ///
    /// # Errors
    /// Those of [`query`](Self::query), except [`PagingError::NotPresent`].
    #[inline]
    pub fn lookup(&self, vaddr: VirtAddr) -> Result<Leaf<PTE>, PagingError> {
        self.check_vaddr(vaddr.as_u64())?;
        self.find(vaddr.as_u64(), 1).leaf()
    }

    /// Walks down to the entry of `vaddr` in a table of level `lowest`, or to the large
    /// page or unused entry that ends the walk earlier.
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

    /// Finds the page that begins at `page`, or the software payload there.
    #[inline]
    pub(crate) fn find_page(&self, page: VirtAddr) -> Result<Found<'_, PTE>, PagingError> {
        self.check_page(page, PageSize::Size4K)?;
        let found = self.find(page.as_u64(), 1);
        found.leaf()?;
        if !page.as_u64().is_multiple_of(span_bytes(found.level)) {
            return Err(PagingError::MappedToHugePage);
        }
        Ok(found)
    }

    /// Makes the tables of the levels from `top` - 1 down to `lowest`, each with one
    /// entry, which translates `vaddr`. The entry of the last one is `leaf`. Returns the
    /// entry for the table of level `top`.
    #[cold]
    pub(crate) fn new_branch(
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

    /// Detaches the empty table of `level` that translates `vaddr`, and each table above
    /// it that becomes empty.
    #[cold]
    pub(crate) fn detach_empty(&self, vaddr: u64, level: usize) -> Detached {
        let mut detached = Detached::default();
        for parent_level in level + 1..=M::LEVELS {
            let parent = self.find(vaddr, parent_level);
            let mut unused = parent.entry;
            unused.clear();
            parent.table.store(parent.index, unused);
            detached.push(&self.tables.handler, parent.entry.paddr());
            if !parent.note_unused() {
                break;
            }
        }
        detached
    }

    /// Makes the entry of a page. If the CPU supports all flags, the compiler can compute
    /// it in advance from constant flags.
    #[inline(always)]
    pub(crate) fn new_page(&self, frame: PhysAddr, flags: MappingFlags, is_huge: bool) -> PTE {
        if self.keeps_all_flags {
            return PTE::new_page(frame, flags, is_huge);
        }
        self.new_page_as_allowed(frame, flags, is_huge)
    }

    #[cold]
    fn new_page_as_allowed(&self, frame: PhysAddr, flags: MappingFlags, is_huge: bool) -> PTE {
        PTE::new_page(frame, self.allowed(flags), is_huge)
    }

    /// Returns those of `flags` that the CPU supports.
    #[inline]
    pub(crate) fn allowed(&self, flags: MappingFlags) -> MappingFlags {
        let mut flags = flags;
        if !self.capabilities.has_no_execute {
            flags |= MappingFlags::EXECUTE;
        }
        if flags.contains(MappingFlags::WRITE_COMBINING) && !self.capabilities.has_write_combining {
            flags -= MappingFlags::WRITE_COMBINING;
            flags |= MappingFlags::UNCACHED;
        }
        flags
    }

    /// Returns whether the CPU supports pages of `size`.
    #[inline]
    pub(crate) fn has_size(&self, size: PageSize) -> bool {
        size != PageSize::Size1G || self.capabilities.has_1gib_pages
    }

    #[inline]
    pub(crate) fn check_vaddr(&self, vaddr: u64) -> Result<(), PagingError> {
        // As `M::vaddr_is_valid`, with one more comparison for the owner.
        let high = M::high_bits(vaddr);
        if high != 0 && high != self.upper_bits {
            return Err(Self::vaddr_error(vaddr));
        }
        Ok(())
    }

    /// Returns the error for an address that the page table doesn't own.
    #[inline]
    fn vaddr_error(vaddr: u64) -> PagingError {
        if M::vaddr_is_valid(vaddr) { PagingError::NotOwned } else { PagingError::InvalidAddress }
    }

    #[inline]
    pub(crate) fn check_page(&self, page: VirtAddr, size: PageSize) -> Result<(), PagingError> {
        self.check_vaddr(page.as_u64())?;
        if !self.has_size(size) {
            return Err(PagingError::InvalidAddress);
        }
        if !page.as_u64().is_multiple_of(size.bytes()) {
            return Err(PagingError::NotAligned);
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn check_frame(frame: PhysAddr, size: PageSize) -> Result<(), PagingError> {
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
