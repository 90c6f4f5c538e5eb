//! The page table of an address space, and the frames that it refers to.
//!
//! Invariants:
//! 1. The table has the kernel's upper half, whose tables are never freed.
//! 2. Each page that is mapped in the lower half holds a reference to its frame, a huge page one to
//!    each of its frames: a [`SharedFrame`] that was leaked.
//!
//! Page faults of several threads map pages at the same time ([`UserPageTable::map`],
//! [`UserPageTable::exchange`]). All other changes need `&mut`, so one thread makes them.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::ControlFlow;
use core::sync::atomic::{AtomicU64, Ordering};

use ::address_space::PageRange;
use heapless::Vec as ShortVec;
use paging::{
    Capabilities, FlushScope, GenericPTE, Mapping, MappingFlags, OnClone, PageSize, PagingError,
    PagingHandler, X64PageTable,
};
use x86_64::{PhysAddr, VirtAddr};

use super::frame_references::{self, FrameList, NewFrames, TakenFrames};
use crate::arch::smp::tlb::Space;
use crate::mm::kernel::frames::{AllocatedFrames, Purpose, SharedFrame};
use crate::mm::kernel::kernel_space;
use crate::mm::kernel::layout::{self, FRAME_BYTES, NULL_END, PROGRAMS_END};

/// The size of a page of programs, in bytes.
pub const PAGE_BYTES: u64 = FRAME_BYTES;

/// The size of a huge page of programs, in bytes.
pub const HUGE_PAGE_BYTES: u64 = PageSize::Size2M.bytes();

/// The number of pages whose frames can be listed until a flush, without memory of the heap.
const FEW: usize = 128;

/// The page table's access to frames and their memory, and to the TLBs of the CPUs that have the
/// address space loaded.
struct Host {
    capabilities: Capabilities,
    space: Arc<Space>,
    /// The number of frames of the tables.
    tables: AtomicU64,
}

impl Host {
    fn new(space: &Arc<Space>) -> Self {
        let capabilities = kernel_space::capabilities();
        Self { capabilities, space: space.clone(), tables: AtomicU64::new(0) }
    }
}

// SAFETY: a leaked frame belongs to the table alone until it is taken back, and is in the direct
// map. `space` has all CPUs that have the table loaded, and flushes their TLBs.
unsafe impl PagingHandler for Host {
    fn alloc_frame(&self) -> Option<PhysAddr> {
        let frame = AllocatedFrames::try_new(Purpose::UserTables)?;
        self.tables.fetch_add(1, Ordering::Relaxed);
        Some(frame.leak())
    }

    fn dealloc_frame(&self, frame: PhysAddr) {
        self.tables.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: the page table has allocated this frame, and frees it after the last walk of a
        // CPU through it.
        drop(unsafe { AllocatedFrames::from_leaked(frame, Purpose::UserTables) });
    }

    fn phys_to_virt(&self, frame: PhysAddr) -> VirtAddr {
        layout::direct(frame)
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn flush(&self, scope: FlushScope) {
        self.space.flush(scope);
    }
}

/// The flags that mappings of programs may have. A global mapping would stay in the TLBs after the
/// end of its address space.
const PROGRAM_FLAGS: MappingFlags = MappingFlags::READ
    .union(MappingFlags::WRITE)
    .union(MappingFlags::EXECUTE)
    .union(MappingFlags::USER)
    .union(MappingFlags::COPY_ON_WRITE)
    .union(MappingFlags::NO_ACCESS);

/// The reason why an operation on a page table failed. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageTableError {
    /// The page isn't a program's: too low, too high, or not aligned.
    NotOfPrograms,
    /// The flags aren't allowed for programs: a global page, or a device's.
    FlagsNotAllowed,
    /// Something is mapped there.
    AlreadyMapped,
    /// Nothing is mapped there.
    NotMapped,
    /// The page is mapped in another way than before.
    Changed,
    /// No frame is left for a page table.
    NoMemory,
}

impl core::fmt::Display for PageTableError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NotOfPrograms => "programs have no such page",
            Self::FlagsNotAllowed => "memory of programs can't be global or a device's",
            Self::AlreadyMapped => "something is mapped there",
            Self::NotMapped => "nothing is mapped there",
            Self::Changed => "the mapping has changed in the meantime",
            Self::NoMemory => "no frame is left for a page table",
        })
    }
}

impl core::error::Error for PageTableError {}

impl From<PagingError> for PageTableError {
    fn from(error: PagingError) -> Self {
        match error {
            PagingError::NoMemory => Self::NoMemory,
            PagingError::AlreadyMapped => Self::AlreadyMapped,
            PagingError::Changed => Self::Changed,
            PagingError::NotMapped | PagingError::NotPresent => Self::NotMapped,
            _ => Self::NotOfPrograms,
        }
    }
}

/// The page table of an address space.
pub struct UserPageTable {
    table: X64PageTable<Host>,
    /// The number of mapped pages; a huge page counts as 512.
    pages: AtomicU64,
    /// The largest number of mapped pages, as of the last unmapping.
    pages_max: u64,
}

impl UserPageTable {
    /// Makes a page table that maps nothing in its lower half, for the CPUs that have `space`
    /// loaded.
    ///
    /// # Errors
    /// [`PageTableError::NoMemory`].
    pub(super) fn try_new(space: &Arc<Space>) -> Result<Self, PageTableError> {
        let table = X64PageTable::try_new_sharing(Host::new(space), &kernel_space::upper_half())?;
        Ok(Self { table, pages: AtomicU64::new(0), pages_max: 0 })
    }

    /// Returns the address of the root table.
    pub(super) fn root(&self) -> PhysAddr {
        self.table.root_paddr()
    }

    /// Maps `frame` at `page`. Several threads may do this at the same time.
    ///
    /// # Errors
    /// See [`PageTableError`]; then the reference to the frame is dropped.
    pub(super) fn map(
        &self,
        page: VirtAddr,
        frame: SharedFrame,
        flags: MappingFlags,
    ) -> Result<(), PageTableError> {
        if page < NULL_END || page >= PROGRAMS_END {
            return Err(PageTableError::NotOfPrograms);
        }
        if !PROGRAM_FLAGS.contains(flags) {
            return Err(PageTableError::FlagsNotAllowed);
        }
        self.table.map_concurrently(page, frame.start(), PageSize::Size4K, flags)?;
        frame.leak();
        self.pages.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Maps the pages from `first` on, which lie in one table, to those of `frames` that are given,
    /// and takes these. Pages that are mapped already stay, and without a table nothing is mapped.
    /// Several threads may do this at the same time.
    pub(super) fn map_beside(
        &self,
        first: VirtAddr,
        frames: &mut [Option<SharedFrame>],
        flags: MappingFlags,
    ) {
        let mut is_mapped = 0_u64;
        let starts = frames.iter().map(|frame| frame.as_ref().map(SharedFrame::start));
        let result = self.table.map_beside_concurrently(first, starts, flags, |position| {
            is_mapped |= 1 << position;
        });
        debug_assert_eq!(result, Ok(()), "the pages lie beside one that is mapped");
        for (position, frame) in frames.iter_mut().enumerate() {
            if is_mapped >> position & 1 != 0
                && let Some(frame) = frame.take()
            {
                frame.leak();
            }
        }
        self.pages.fetch_add(u64::from(is_mapped.count_ones()), Ordering::Relaxed);
    }

    /// Maps the huge page at `page` to `frames`. Several threads may do this at the same time.
    ///
    /// # Errors
    /// See [`PageTableError`]; then the frames are freed.
    pub(super) fn map_huge(
        &self,
        page: VirtAddr,
        frames: NewFrames,
        flags: MappingFlags,
    ) -> Result<(), PageTableError> {
        self.table.map_concurrently(page, frames.start(), PageSize::Size2M, flags)?;
        self.pages.fetch_add(frames.count(), Ordering::Relaxed);
        frames.leak();
        Ok(())
    }

    /// Splits the huge pages that reach beyond `range`.
    ///
    /// # Errors
    /// [`PageTableError::NoMemory`].
    pub(super) fn split_ends(&mut self, range: PageRange) -> Result<(), PageTableError> {
        self.table.split_ends_of_region(range.start(), range.len_bytes())?.flush();
        Ok(())
    }

    /// Splits the huge page that has `page`, if there is one.
    ///
    /// # Errors
    /// [`PageTableError::NoMemory`].
    pub(super) fn split(&mut self, page: VirtAddr) -> Result<(), PageTableError> {
        if self.query(page).is_some_and(|mapping| mapping.size != PageSize::Size4K) {
            // The range has at least one end within the huge page.
            self.table.split_ends_of_region(page.align_down(PAGE_BYTES), PAGE_BYTES)?.flush();
        }
        Ok(())
    }

    /// Returns the number of mapped pages.
    pub(super) fn pages(&self) -> u64 {
        self.pages.load(Ordering::Relaxed)
    }

    /// Returns the largest number of mapped pages so far.
    pub(super) fn pages_max(&self) -> u64 {
        self.pages_max.max(self.pages())
    }

    /// Returns the number of frames of the tables.
    pub(super) fn table_frames(&self) -> u64 {
        self.table.handler().tables.load(Ordering::Relaxed)
    }

    /// Returns the mapping of the page of `address`.
    pub(super) fn query(&self, address: VirtAddr) -> Option<Mapping> {
        self.table.query(address.align_down(PAGE_BYTES)).ok()
    }

    /// Returns whether nothing is mapped in the block of the size of a huge page at `block`, and
    /// there is no table for it.
    pub(super) fn is_unused(&self, block: VirtAddr) -> bool {
        let mut lowest = 0;
        self.table.walk(block, |step| lowest = step.level);
        lowest > 1 && self.query(block).is_none()
    }

    /// Returns a new reference to the frame of a mapped page.
    pub(super) fn frame(&mut self, page: VirtAddr) -> Option<SharedFrame> {
        let mapping = self.query(page)?;
        // SAFETY: the table has a reference (invariant 2), which it keeps because of `forget`.
        let own = unsafe { SharedFrame::from_leaked(mapping.paddr) };
        let frame = own.try_clone();
        own.leak();
        frame.ok()
    }

    /// Maps `page`, which was [found](Self::query) to be mapped as `from`, to `frame` with other
    /// flags, and flushes it. Several threads may do this at the same time.
    ///
    /// # Errors
    /// [`PageTableError::Changed`] if the page has changed, and the errors of the address; then the
    /// reference to `frame` is dropped.
    pub(super) fn exchange(
        &self,
        page: VirtAddr,
        from: &Mapping,
        frame: SharedFrame,
        flags: MappingFlags,
    ) -> Result<(), PageTableError> {
        let (old, flush) = self.table.exchange(page, from, frame.start(), flags)?;
        frame.leak();
        flush.flush();
        // SAFETY: the page held the reference (invariant 2), and is no longer in the table.
        drop(unsafe { TakenFrames::of(old) });
        Ok(())
    }

    /// Changes the access to a page that was [found](Self::query) to be mapped as `from`, and
    /// flushes it. If the page has changed in the meantime, does nothing. Several threads may do
    /// this at the same time.
    pub(super) fn protect(&self, page: VirtAddr, from: &Mapping, flags: MappingFlags) {
        if let Ok((_, flush)) = self.table.exchange(page, from, from.paddr, flags) {
            flush.flush();
        }
    }

    /// Changes the access to the pages in `range`, beyond which no huge page reaches, and flushes
    /// them.
    pub(super) fn protect_range(&mut self, range: PageRange, flags: MappingFlags) {
        let flush = self.table.protect_region(range.start(), range.len_bytes(), flags);
        flush.expect("regions are ranges of whole pages").flush();
    }

    /// Unmaps the pages in `range`, beyond which no huge page reaches, flushes them, and drops the
    /// references to their frames.
    pub(super) fn unmap_range(&mut self, range: PageRange) {
        self.unmap_between(range.start(), range.end());
    }

    /// Unmaps the pages in `range` of a private mapping, except its own copies, in the same way as
    /// [`unmap_range`](Self::unmap_range).
    pub(super) fn unmap_all_but_copies(&mut self, range: PageRange) {
        let mut at = range.start();
        while let Some((page, mapping)) = self.first_mapping(at).filter(|it| it.0 < range.end()) {
            at = page + PAGE_BYTES;
            // SAFETY: the table has a reference (invariant 2), which it keeps because of `leak`.
            let own = unsafe { SharedFrame::from_leaked(mapping.paddr) };
            let is_copy = own.purpose() == Purpose::User;
            own.leak();
            if !is_copy {
                self.unmap_between(page, at);
            }
        }
    }

    /// Unmaps all pages and drops the references to their frames. No CPU has the table loaded.
    pub(super) fn unmap_all(&mut self) {
        self.pages_max = self.pages_max();
        let range = PROGRAMS_END - VirtAddr::zero();
        let unmapped = self.table.unmap_region_with(VirtAddr::zero(), range, |_, leaf| {
            // SAFETY: the page held the references (invariant 2), and is no longer in the table,
            // nor in any TLB.
            drop(unsafe { TakenFrames::of(leaf) });
            ControlFlow::Continue(())
        });
        let (_, flush) = unmapped.expect("all programs are a range of whole pages");
        flush.flush_by(|_| {});
        *self.pages.get_mut() = 0;
    }

    fn unmap_between(&mut self, start: VirtAddr, end: VirtAddr) {
        let most = ((end - start) / PAGE_BYTES).min(self.pages()) as usize;
        let mut all = Vec::new();
        // Without memory for a list of all of them, several flushes are needed.
        if most > FEW && all.try_reserve_exact(most).is_ok() {
            return self.unmap_by(&mut all, start, end);
        }
        self.unmap_by(&mut ShortVec::<TakenFrames, FEW>::new(), start, end);
    }

    /// Unmaps the pages from `start` to `end`, with a flush whenever `frames` is full.
    fn unmap_by(&mut self, frames: &mut impl FrameList, start: VirtAddr, end: VirtAddr) {
        self.pages_max = self.pages_max();
        let mut next = Some(start);
        while let Some(start) = next {
            let mut count = 0;
            let unmapped = self.table.unmap_region_with(start, end - start, |_, leaf| {
                // SAFETY: the page held the references (invariant 2), and is no longer in the
                // table.
                if let Some(taken) = unsafe { TakenFrames::of(leaf) } {
                    count += taken.count();
                    frames.add(taken);
                }
                match frames.is_full() {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            });
            let (further, needed) = unmapped.expect("regions are ranges of whole pages");
            *self.pages.get_mut() -= count;
            next = further;
            needed.flush();
            // After the flush, because until then a CPU could write to the frames.
            frames.drop_all();
        }
    }

    /// Moves the pages in `from` to the addresses from `to` on, where nothing is mapped.
    ///
    /// # Errors
    /// [`PageTableError::NoMemory`]: the pages that were not moved are still in `from`.
    pub(super) fn move_range(
        &mut self,
        from: PageRange,
        to: VirtAddr,
    ) -> Result<(), PageTableError> {
        let mut next = from.start();
        while let Some((page, _)) = self.first_mapping(next).filter(|it| it.0 < from.end()) {
            let target = to + (page - from.start());
            if !target.is_aligned(HUGE_PAGE_BYTES) {
                self.split(page)?;
            }
            let (leaf, flush) = self.table.unmap(page)?;
            flush.flush();
            let Some(Mapping { paddr, flags, size, .. }) = leaf.mapping() else {
                continue;
            };
            next = page + size.bytes();
            if let Err(error) = self.table.map(target, paddr, size, flags) {
                // This can't run out of memory: the table for it exists, or was just freed.
                self.table.map(page, paddr, size, flags)?;
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Makes a copy for a child, whose identity is `space`. `decide` returns for each page how the
    /// child receives it.
    ///
    /// # Errors
    /// [`PageTableError::NoMemory`]; then pages may have become copy-on-write, which is harmless.
    pub(super) fn try_fork(
        &mut self,
        space: &Arc<Space>,
        mut decide: impl FnMut(VirtAddr) -> OnClone,
    ) -> Result<Self, PageTableError> {
        let mut has_failed = false;
        let mut pages = 0;
        let (clone, flush) = self.table.try_clone_lower_half(Host::new(space), |page, leaf| {
            let on_clone = decide(page);
            if on_clone == OnClone::Skip || !leaf.entry().is_page() {
                return OnClone::Skip;
            }
            // SAFETY: it is a page of this table, which nothing else changes now.
            if !unsafe { frame_references::add(leaf) } {
                has_failed = true;
                return OnClone::Skip;
            }
            pages += frame_references::count(leaf.size());
            on_clone
        })?;
        flush.flush();
        let mut clone = Self { table: clone, pages: AtomicU64::new(pages), pages_max: 0 };
        if has_failed {
            clone.unmap_all();
            return Err(PageTableError::NoMemory);
        }
        Ok(clone)
    }

    /// Calls `found` with each mapped page in `range`, beyond which no huge page reaches.
    pub(super) fn for_each_page(&self, range: PageRange, mut found: impl FnMut(VirtAddr, Mapping)) {
        self.table.for_each_mapping(range.start(), |page, mapping| {
            if page >= range.end() {
                return ControlFlow::Break(());
            }
            found(page, mapping);
            ControlFlow::Continue(())
        });
    }

    /// Calls `found` with the frame of each table of the program's half.
    pub(super) fn for_each_table(&self, mut found: impl FnMut(PhysAddr)) {
        self.table.for_each_table(|frame, _| found(frame));
    }

    /// Returns the first mapped page at or above `from`, and its mapping.
    fn first_mapping(&self, from: VirtAddr) -> Option<(VirtAddr, Mapping)> {
        let mut first = None;
        self.table.for_each_mapping(from, |page, mapping| {
            first = Some((page, mapping));
            ControlFlow::Break(())
        });
        first
    }
}
