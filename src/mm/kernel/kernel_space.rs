//! The kernel's own address space. Its page table is made once and stays loaded.
//!
//! Invariants, which [`audit`](crate::mm::debug::audit) checks:
//! 1. The table maps what [`layout`](crate::mm::kernel::layout) lists and nothing else, each
//!    range with its rights.
//! 2. Each entry of the root for the upper half points to a table from the start, and always to the
//!    same table. So page tables that have copied these entries map the same.
//! 3. A frame that is mapped outside of the direct map is mapped there once, and belongs to the
//!    mapping: it was leaked from its [`AllocatedFrames`].

use core::ops::ControlFlow;

use heapless::Vec;
use paging::{
    Capabilities, FlushScope, HugePages, Leaf, MappedRange, Mapping, MappingFlags, PageSize,
    PagingError, PagingHandler, UpperHalf, X64PTE, X64PageTable,
};
use x86_64::{PhysAddr, VirtAddr};

use crate::arch::smp::tlb;
use crate::arch::time::clock;
use crate::mm::debug::walk;
use crate::mm::kernel::frames::{AllocatedFrames, Purpose};
use crate::mm::kernel::image::{self, Section};
use crate::mm::kernel::layout::{self, FRAME_BYTES};
use crate::mm::kernel::ram::{self, Map};
use crate::mm::kernel::stacks::Stack;
use crate::sync::{IrqMutex, IrqMutexGuard, Rank};

/// Variables: read and written.
pub(in crate::mm) const DATA: MappingFlags =
    MappingFlags::READ.union(MappingFlags::WRITE).union(MappingFlags::GLOBAL);
/// Constants.
pub(in crate::mm) const CONSTANT: MappingFlags = MappingFlags::READ.union(MappingFlags::GLOBAL);
/// Code.
pub(in crate::mm) const CODE: MappingFlags = CONSTANT.union(MappingFlags::EXECUTE);
/// Memory of devices.
pub(in crate::mm) const DEVICE: MappingFlags = DATA.union(MappingFlags::DEVICE);

/// Memory of devices whose writes may be combined: pixels.
pub(in crate::mm) const COMBINING: MappingFlags = DATA.union(MappingFlags::WRITE_COMBINING);

/// The page table's access to frames and their memory, and to the TLBs of all CPUs.
#[derive(Debug)]
pub(in crate::mm) struct KernelFrames(Capabilities);

// SAFETY: a leaked frame belongs only to the table until it is freed, and is in the direct map.
// Until the table is loaded, the stub's tables map the first GiB, and frames are allocated only
// there. All CPUs use the kernel's tables, and all flush.
unsafe impl PagingHandler for KernelFrames {
    fn alloc_frame(&self) -> Option<PhysAddr> {
        AllocatedFrames::try_new(Purpose::PageTables).map(AllocatedFrames::leak)
    }

    fn dealloc_frame(&self, frame: PhysAddr) {
        // SAFETY: the table has allocated this frame, and frees it after the last walk of a CPU
        // through it.
        drop(unsafe { AllocatedFrames::from_leaked(frame, Purpose::PageTables) });
    }

    fn phys_to_virt(&self, frame: PhysAddr) -> VirtAddr {
        layout::direct(frame)
    }

    fn capabilities(&self) -> Capabilities {
        self.0
    }

    fn flush(&self, scope: FlushScope) {
        tlb::flush_everywhere(scope);
    }
}

/// The largest number of pages that are unmapped at once, with interrupts off.
pub(in crate::mm) const UNMAPPED_MAX: usize = 64;

/// The kernel's page table.
pub(in crate::mm) type Table = X64PageTable<KernelFrames>;

/// The page table, and the audit's memory.
pub(in crate::mm) struct KernelSpace {
    pub(in crate::mm) table: Table,
    /// One bit for each frame, for the audit.
    pub(in crate::mm) seen: &'static mut [u64],
}

/// Protects the kernel's page table; taken by the heap when it grows or shrinks, by drivers when
/// they map a device, and by code that inspects it; never by interrupt handlers.
static SPACE: IrqMutex<Option<KernelSpace>> = IrqMutex::new(Rank::KernelSpace, None);

/// The memory of the screen, as it is mapped in the stub's tables.
pub(in crate::mm) struct Screen {
    /// Its first page, and the frame of that page.
    pub start: VirtAddr,
    pub first: PhysAddr,
    pub len_bytes: u64,
    pub flags: MappingFlags,
    pub pages: HugePages,
}

/// Makes the table and loads it, which unmaps the lower half. `seen` has one bit for each frame.
/// Returns the time for mapping all RAM, in ticks of the time stamp counter.
///
/// # Errors
/// [`PagingError::NoMemory`] if there is too little memory below 1 GiB.
pub(in crate::mm) fn start(
    map: &Map,
    capabilities: Capabilities,
    seen: &'static mut [u64],
    screen: Option<Screen>,
) -> Result<u64, PagingError> {
    let mut table = Table::try_new_with_upper_half(KernelFrames(capabilities))?;
    let start_tsc = clock::read_tsc();
    map_ram(&mut table, map)?;
    let ticks = clock::read_tsc() - start_tsc;
    map_image(&mut table)?;
    map_stacks(&mut table)?;
    if let Some(Screen { start, first, len_bytes, flags, pages }) = screen {
        table.map_region(start, first, len_bytes, flags, pages)?;
    }
    // SAFETY: the table maps the kernel's code, data and stacks at their present
    // addresses.
    unsafe { tlb::load_kernel(table.root_paddr()) };
    *SPACE.lock() = Some(KernelSpace { table, seen });
    Ok(ticks)
}

/// Maps all RAM from [`layout::DIRECT_MAP`] on, by the largest pages that fit, never executable.
/// The frames of executable code are read-only here.
///
/// The cost grows with the number of ranges and of the pages of 1 GiB.
fn map_ram(table: &mut Table, map: &Map) -> Result<(), PagingError> {
    for (start, end) in ram::reachable(map, FRAME_BYTES) {
        let start = PhysAddr::new(start);
        let len_bytes = end - start.as_u64();
        table.map_region(layout::direct(start), start, len_bytes, DATA, HugePages::Allowed)?;
    }
    for section in [Section::Text, Section::Rodata] {
        let section = image::section(section);
        let start = layout::direct(image::to_physical(section.start));
        table.protect_region(start, section.end - section.start, CONSTANT)?.flush_by(|_| {});
    }
    Ok(())
}

fn map_image(table: &mut Table) -> Result<(), PagingError> {
    for (section, flags) in
        [(Section::Text, CODE), (Section::Rodata, CONSTANT), (Section::Data, DATA)]
    {
        let section = image::section(section);
        let start = image::to_physical(section.start);
        let len_bytes = section.end - section.start;
        table.map_region(section.start, start, len_bytes, flags, HugePages::Forbidden)?;
    }
    Ok(())
}

/// Maps the boot CPU's stacks at the addresses at which the stub has mapped them.
fn map_stacks(table: &mut Table) -> Result<(), PagingError> {
    for stack in Stack::BOOT_CPU {
        let range = stack.range();
        let pages = (range.end - range.start) / FRAME_BYTES;
        for page in (0..pages).map(|index| range.start + index * FRAME_BYTES) {
            let frame = walk::translate(page).expect("the stub maps the stacks");
            table.map(page, frame, PageSize::Size4K, DATA)?;
        }
    }
    Ok(())
}

/// Access to the kernel's address space.
pub(in crate::mm) struct Guard(IrqMutexGuard<'static, Option<KernelSpace>>);

impl core::ops::Deref for Guard {
    type Target = KernelSpace;

    fn deref(&self) -> &KernelSpace {
        self.0.as_ref().expect("memory is set up early")
    }
}

impl core::ops::DerefMut for Guard {
    fn deref_mut(&mut self) -> &mut KernelSpace {
        self.0.as_mut().expect("memory is set up early")
    }
}

/// Takes the lock.
///
/// # Panics
/// If [`start`](crate::mm::start) wasn't called.
pub(in crate::mm) fn lock() -> Guard {
    Guard(SPACE.lock())
}

/// Returns the upper half of the kernel's page table, for the roots of other page tables. Its 256
/// entries never change.
pub fn upper_half() -> UpperHalf<X64PTE> {
    lock().table.upper_half().expect("the table was made with one")
}

/// Returns the paging capabilities of this machine.
pub(in crate::mm) fn capabilities() -> Capabilities {
    lock().table.handler().capabilities()
}

/// Returns the first range of mapped pages at or after `from`.
pub fn next_range(from: VirtAddr) -> Option<MappedRange> {
    lock().table.next_range(from)
}

/// Returns the mapping of `address`.
///
/// # Errors
/// [`PagingError::NotMapped`].
pub fn query(address: VirtAddr) -> Result<Mapping, PagingError> {
    lock().table.query(address)
}

impl KernelSpace {
    /// Maps a new frame at `page` for the heap.
    ///
    /// # Errors
    /// [`PagingError::NoMemory`]; [`PagingError::AlreadyMapped`].
    pub(in crate::mm) fn map_heap_page(&mut self, page: VirtAddr) -> Result<(), PagingError> {
        let frame = AllocatedFrames::try_new(Purpose::Heap).ok_or(PagingError::NoMemory)?;
        self.table.map(page, frame.start(), PageSize::Size4K, DATA)?;
        frame.leak();
        Ok(())
    }

    /// Unmaps all mapped pages among the `pages` pages from `start` on, at most [`UNMAPPED_MAX`],
    /// and frees their frames. The TLBs are flushed once for all of them.
    ///
    /// # Safety
    /// They were mapped for `purpose`, each to a leaked frame of its own, and nothing
    /// uses them any more.
    pub(in crate::mm) unsafe fn unmap_pages(
        &mut self,
        start: VirtAddr,
        pages: usize,
        purpose: Purpose,
    ) {
        let mut frames = Vec::<PhysAddr, UNMAPPED_MAX>::new();
        let take = |_, leaf: Leaf<X64PTE>| {
            let mapping = leaf.mapping().expect("the kernel has pages alone");
            frames.push(mapping.paddr).expect("no more pages are asked for");
            ControlFlow::Continue(())
        };
        let unmapped = self.table.unmap_region_with(start, pages as u64 * FRAME_BYTES, take);
        unmapped.expect("such pages are of the smallest size").1.flush();
        for frame in frames {
            // SAFETY: the caller's promise; no TLB has the page any more.
            drop(unsafe { AllocatedFrames::from_leaked(frame, purpose) });
        }
    }
}

#[cfg(test)]
mod tests;
