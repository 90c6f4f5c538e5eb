//! An address space: regions, and a page table whose upper half is the kernel's.
//!
//! Invariant: the table lives as long as a CPU has it loaded: [`Drop`] first makes all CPUs leave
//! it.

use alloc::collections::TryReserveError;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use ::address_space::{Bounds, Limits, Lock, PageRange, Region, RegionError, Regions, Sharing};
use paging::{FlushScope, Mapping, MappingFlags};
use x86_64::{PhysAddr, VirtAddr};

use super::backing::{Backing, MappedObject};
use super::commit;
use super::mappings::{LockedMappings, Mappings};
use super::page_table::{PAGE_BYTES, PageTableError, UserPageTable};
use super::reverse_map::Mapper;
use crate::arch::smp::cpu_bits::SET_WORDS;
use crate::arch::smp::tlb::Space;
use crate::mm::kernel::frames::{AllocatedFrames, Purpose, SharedFrame};
use crate::mm::kernel::layout::{NULL_END, PROGRAMS_END};
use crate::sync::{RwLockReadGuard, RwLockWriteGuard};

/// The address below which mappings without an address are placed, unless it is random: as on
/// Linux, with a gap for the stack above it.
pub const MMAP_BASE: u64 = 0x7FFF_F7FF_F000;

/// The amount of memory of an address space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// The number of present pages: VmRSS of proc(5).
    pub pages: u64,
    /// The largest number of present pages so far: VmHWM.
    pub pages_max: u64,
    /// The frames of the page table: VmPTE.
    pub tables: u64,
}

/// An address space.
pub struct AddressSpace {
    mappings: Arc<LockedMappings>,
    root: PhysAddr,
    space: Arc<Space>,
    /// Whether its threads may use membarrier(2), which makes each other's CPUs synchronize.
    has_barriers: AtomicBool,
}

impl AddressSpace {
    /// Makes an address space without regions.
    ///
    /// # Errors
    /// [`PageTableError::NoMemory`].
    pub fn try_new() -> Result<Self, PageTableError> {
        Self::try_new_with(MMAP_BASE)
    }

    /// Makes an address space without regions, where mappings without an address are placed below
    /// `mmap_base`, the start of a page.
    ///
    /// # Errors
    /// [`PageTableError::NoMemory`].
    ///
    /// # Panics
    /// If programs can't have this page.
    pub fn try_new_with(mmap_base: u64) -> Result<Self, PageTableError> {
        let bounds = Bounds::try_new(NULL_END.as_u64(), mmap_base, PROGRAMS_END.as_u64());
        let bounds = bounds.expect("the bounds rise");
        let space = Arc::try_new(Space::new()).map_err(|_| PageTableError::NoMemory)?;
        let table = UserPageTable::try_new(&space)?;
        Self::try_of(Regions::new(bounds), table, space)
    }

    /// Makes an address space of its parts. If that fails, the table, which maps nothing, is
    /// dropped.
    pub(super) fn try_of(
        regions: Regions<Backing>,
        table: UserPageTable,
        space: Arc<Space>,
    ) -> Result<Self, PageTableError> {
        let root = table.root();
        let mappings = Arc::try_new(LockedMappings::new(regions, table));
        Ok(Self {
            mappings: mappings.map_err(|_| PageTableError::NoMemory)?,
            root,
            space,
            has_barriers: AtomicBool::new(false),
        })
    }

    /// Adds this address space to the reverse map of the object of `backing`, if it has one. Called
    /// before the object is mapped here.
    ///
    /// # Errors
    /// [`RegionError::NoMemory`].
    pub(super) fn note_mapping(&self, backing: &Backing) -> Result<(), RegionError> {
        let Some(map) = backing.reverse_map() else {
            return Ok(());
        };
        let mapper: Arc<dyn Mapper> = self.mappings.clone();
        map.add(&mapper).map_err(|_| RegionError::NoMemory)
    }

    /// Returns the mappings, locked for reading, so that page faults of several threads are handled
    /// at the same time. May wait.
    pub(super) fn mappings(&self) -> RwLockReadGuard<'_, Mappings> {
        self.mappings.0.read()
    }

    /// Returns the mappings, locked for a change. May wait.
    pub(super) fn mappings_for_change(&self) -> RwLockWriteGuard<'_, Mappings> {
        self.mappings.0.write()
    }

    /// Maps `frame` at `page`, outside of all regions, where page faults don't change it. It is a
    /// single frame for [`Purpose::User`], which the address space owns from now on. May wait.
    ///
    /// # Errors
    /// See [`PageTableError`]; then the frame is freed.
    pub fn map(
        &self,
        page: VirtAddr,
        frame: AllocatedFrames,
        flags: MappingFlags,
    ) -> Result<(), PageTableError> {
        if frame.purpose() != Purpose::User {
            return Err(PageTableError::NotOfPrograms);
        }
        let frame = SharedFrame::try_new(frame).map_err(|_| PageTableError::NotOfPrograms)?;
        self.mappings().table.map(page, frame, flags)
    }

    /// Unmaps `page`, and flushes it from the TLBs of all CPUs. May wait.
    ///
    /// # Errors
    /// [`PageTableError::NotMapped`].
    pub fn unmap(&self, page: VirtAddr) -> Result<(), PageTableError> {
        let range = PageRange::try_new(page.as_u64(), 1).map_err(|_| PageTableError::NotMapped)?;
        let mut mappings = self.mappings_for_change();
        mappings.table.query(page).ok_or(PageTableError::NotMapped)?;
        mappings.table.unmap_range(range);
        Ok(())
    }

    /// Returns the mapping of `address`; `None` if its page isn't present. May wait.
    pub fn query(&self, address: VirtAddr) -> Option<Mapping> {
        self.mappings().table.query(address)
    }

    /// Returns the physical address of the page of `address`, if the page is present and in a
    /// shared mapping: the same address for all processes that share the page. May wait.
    pub fn shared_page_of(&self, address: VirtAddr) -> Option<PhysAddr> {
        let mappings = self.mappings();
        mappings.regions.find(address).filter(|region| region.sharing() == Sharing::Shared)?;
        mappings.table.query(address).map(|mapping| mapping.paddr)
    }

    /// Calls `found` with each region, lowest first, and all mappings, which are locked for
    /// reading. May wait.
    pub fn for_each_region(&self, mut found: impl FnMut(&Region<Backing>, &Mappings)) {
        let mappings = self.mappings();
        mappings.regions.iter().for_each(|region| found(region, &mappings));
    }

    /// Returns whether a page of `range` is in no region. May wait.
    pub fn has_hole(&self, range: PageRange) -> bool {
        self.mappings().regions.first_hole(range).is_some()
    }

    /// Returns whether `is_so` returns true for a region that has a page of `range`. May wait.
    pub fn any_region(
        &self,
        range: PageRange,
        is_so: impl FnMut(&Region<Backing>) -> bool,
    ) -> bool {
        self.mappings().regions.iter_range(range).any(is_so)
    }

    /// Returns the objects of the shared regions that have a page of `range`, without those that are
    /// found twice in a row. May wait.
    ///
    /// # Errors
    /// [`TryReserveError`].
    pub fn shared_objects(
        &self,
        range: PageRange,
    ) -> Result<Vec<Arc<dyn MappedObject>>, TryReserveError> {
        let mappings = self.mappings();
        let mut objects: Vec<Arc<dyn MappedObject>> = Vec::new();
        for region in mappings.regions.iter_range(range) {
            if let Backing::Object { object, .. } = region.backing()
                && region.sharing() == Sharing::Shared
                && !objects.last().is_some_and(|last| Arc::ptr_eq(last, object))
            {
                objects.try_reserve(1)?;
                objects.push(object.clone());
            }
        }
        Ok(objects)
    }

    /// Returns whether the pages of new regions are allocated at once, because they are locked. May
    /// wait.
    pub fn locks_new_regions(&self) -> bool {
        self.mappings().regions.future_lock() == Lock::Now
    }

    /// Returns whether the page of `address` is in memory: mapped, or in the object that backs it.
    /// May wait.
    pub fn is_resident(&self, address: VirtAddr) -> bool {
        let Mappings { regions, table } = &*self.mappings();
        if table.query(address).is_some() {
            return true;
        }
        match regions.find(address).map(|region| region.backing_at(address)) {
            Some(Backing::Object { object, page }) => object.is_resident(page),
            Some(Backing::Anonymous) | None => false,
        }
    }

    /// Returns the amount of memory, in constant time. May wait.
    pub fn memory_use(&self) -> MemoryUse {
        let table = &self.mappings().table;
        MemoryUse {
            pages: table.pages(),
            pages_max: table.pages_max(),
            tables: table.table_frames(),
        }
    }

    /// Returns the CPUs that have the address space loaded, one bit for each.
    pub fn loaded_on(&self) -> [u64; SET_WORDS] {
        self.space.loaded_on()
    }

    /// Makes all CPUs on which its threads run execute a full memory barrier, which also serializes
    /// the execution of changed instructions. Each CPU handles an interrupt.
    pub fn synchronize_cpus(&self) {
        let page = VirtAddr::zero();
        self.space.flush(FlushScope::Pages { first: page, last: page, step_bytes: PAGE_BYTES });
    }

    /// Records that its threads use [`synchronize_cpus`](Self::synchronize_cpus).
    pub fn register_barriers(&self) {
        self.has_barriers.store(true, Ordering::Relaxed);
    }

    /// Returns whether its threads use [`synchronize_cpus`](Self::synchronize_cpus).
    pub fn has_barriers(&self) -> bool {
        self.has_barriers.load(Ordering::Relaxed)
    }

    /// Loads the address space on this CPU, until the CPU loads another one or is made to leave it.
    /// Interrupts are off. The caller keeps it alive as long as a thread runs in it on this CPU.
    pub fn load(&self) {
        // SAFETY: the upper half of the table is the kernel's, and the invariant; `space` is in
        // an `Arc` that this address space holds.
        unsafe { self.space.load(self.root) };
    }

    /// Removes all regions and pages, when the program ends or an exec replaces it. No CPU runs in
    /// the address space.
    fn clear(&self) {
        let mut mappings = self.mappings_for_change();
        mappings.table.unmap_all();
        commit::uncommit(mappings.regions.usage().committed_pages);
        let empty = Regions::new(mappings.regions.bounds());
        let emptied = core::mem::replace(&mut mappings.regions, empty);
        drop(mappings);
        drop(emptied);
    }
}

impl Drop for AddressSpace {
    fn drop(&mut self) {
        self.space.retire();
        self.clear();
    }
}

/// The limits for regions that the kernel makes for a program: only the number of regions.
pub(super) const NO_LIMITS: Limits = Limits::UNLIMITED;
