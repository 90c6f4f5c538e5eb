//! The kernel's heap: what `alloc` takes from.
//!
//! Addresses are set aside from the start; frames are mapped when they are needed,
//! and given back when the end of the heap is free again.
//!
//! Whoever can do without uses the `try_` calls of `alloc`'s types and gets an
//! error; for all others it ends in [`out_of_memory`].

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use talc::DefaultBinning;
use talc::base::Talc;
use talc::source::Manual;

use crate::arch::irq;
use crate::mm::kernel::frames::{self, Purpose};
use crate::mm::kernel::kernel_space;
use crate::mm::kernel::layout::{FRAME_BYTES, HEAP, HEAP_BYTES};
use crate::sync::{IrqMutex, Rank};

/// What the heap may always grow to, in bytes, if there are frames: 16 MiB.
pub const RESERVED_BYTES: u64 = 16 << 20;

/// How many pages are mapped or unmapped at most while the lock is held, and so
/// interrupts are off.
const STEP_PAGES: u64 = kernel_space::UNMAPPED_MAX as u64;

/// How much is mapped at least when the heap grows: it will soon be wanted.
const GROWTH_PAGES: u64 = 16;

/// How much has to be free at the end before it is given back, in bytes.
const TRIM_BYTES: u64 = 1 << 20;

/// What an allocation costs beside its own bytes at most, but for its alignment.
const OVERHEAD_BYTES: u64 = 64;

/// Freed blocks are filled with this in debug builds. As a pointer it isn't
/// canonical: using it is a general protection fault.
pub const POISON: u8 = 0xDE;

/// How full the heap is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// In use, as it was asked for.
    pub allocated_bytes: u64,
    /// How many pieces that is.
    pub allocations: u64,
    /// The most that ever was in use.
    pub peak_bytes: u64,
    /// How many pieces were ever allocated.
    pub total_allocations: u64,
    /// Mapped to frames.
    pub mapped_bytes: u64,
    /// The most that ever was mapped.
    pub mapped_peak_bytes: u64,
    /// Mapped and free at the end: what can be given back.
    pub tail_bytes: u64,
    /// Free and mapped, in how many pieces.
    pub gaps: u64,
    /// Up to where it may grow.
    pub limit_bytes: u64,
    /// How often there was not enough.
    pub failures: u64,
}

struct Heap {
    talc: Talc<Manual, DefaultBinning>,
    /// How much is mapped from [`HEAP`] on, and known to `talc`.
    mapped_bytes: u64,
    mapped_peak_bytes: u64,
    limit_bytes: u64,
    peak_bytes: u64,
    failures: u64,
}

/// Protects the allocator; taken by everything that allocates, never by interrupt
/// handlers.
static HEAP_STATE: IrqMutex<Heap> = IrqMutex::new(
    Rank::Heap,
    Heap {
        talc: Talc::new(Manual),
        mapped_bytes: 0,
        mapped_peak_bytes: 0,
        limit_bytes: 0,
        peak_bytes: 0,
        failures: 0,
    },
);

/// Lets the heap grow to half of the memory, or to [`RESERVED_BYTES`] if that is
/// more.
pub(in crate::mm) fn start() {
    let half_bytes = frames::counts().managed as u64 / 2 * FRAME_BYTES;
    HEAP_STATE.lock().limit_bytes = half_bytes.clamp(RESERVED_BYTES, HEAP_BYTES);
}

/// Returns how full the heap is.
pub fn statistics() -> Statistics {
    let heap = HEAP_STATE.lock();
    let counters = heap.talc.counters();
    Statistics {
        allocated_bytes: counters.allocated_bytes as u64,
        allocations: counters.allocation_count as u64,
        peak_bytes: heap.peak_bytes,
        total_allocations: counters.total_allocation_count,
        mapped_bytes: heap.mapped_bytes,
        mapped_peak_bytes: heap.mapped_peak_bytes,
        tail_bytes: heap.free_tail_bytes(),
        gaps: counters.fragment_count as u64,
        limit_bytes: heap.limit_bytes,
        failures: heap.failures,
    }
}

/// Gives the free frames at the heap's end back.
pub fn trim() {
    while HEAP_STATE.lock().shrink(0) {}
}

impl Heap {
    /// Returns where the heap ends, once it has begun.
    fn end(&self) -> Option<NonNull<u8>> {
        let end = (HEAP + self.mapped_bytes).as_mut_ptr();
        NonNull::new(end).filter(|_| self.mapped_bytes > 0)
    }

    /// Returns how much is free at the end, in bytes.
    fn free_tail_bytes(&self) -> u64 {
        let Some(end) = self.end() else {
            return 0;
        };
        // SAFETY: it is the end that the allocator knows.
        let reserved = unsafe { self.talc.reserved(end) };
        (end.as_ptr().addr() - reserved.up_to.as_ptr().addr()) as u64
    }

    /// Maps more pages, for a piece of `layout` if so many are allowed; tells
    /// whether there are more now.
    fn grow(&mut self, layout: Layout) -> bool {
        let wanted_bytes = (layout.size() as u64)
            .saturating_add(layout.align() as u64)
            .saturating_add(OVERHEAD_BYTES);
        let missing_bytes = wanted_bytes.saturating_sub(self.free_tail_bytes());
        let left_bytes = self.limit_bytes - self.mapped_bytes;
        if missing_bytes > left_bytes {
            return false;
        }
        let pages = missing_bytes.div_ceil(FRAME_BYTES).clamp(GROWTH_PAGES, STEP_PAGES);
        let start = HEAP + self.mapped_bytes;
        let mut mapped = 0;
        {
            let mut space = kernel_space::lock();
            while mapped < pages.min(left_bytes / FRAME_BYTES)
                && space.map_heap_page(start + mapped * FRAME_BYTES).is_ok()
            {
                mapped += 1;
            }
        }
        if mapped == 0 {
            return false;
        }
        let old_end = self.end();
        self.mapped_bytes += mapped * FRAME_BYTES;
        self.mapped_peak_bytes = self.mapped_peak_bytes.max(self.mapped_bytes);
        let new_end: *mut u8 = (HEAP + self.mapped_bytes).as_mut_ptr();
        let known_end = match old_end {
            // SAFETY: it is the end that the allocator knows; the pages behind it were
            // mapped just now, for nobody else.
            Some(old_end) => Some(unsafe { self.talc.extend(old_end, new_end) }),
            // SAFETY: the pages were mapped just now, for nobody else.
            None => unsafe { self.talc.claim(HEAP.as_mut_ptr(), self.mapped_bytes as usize) },
        };
        assert_eq!(known_end, self.end(), "the first pages have room for the allocator's data");
        true
    }

    /// Unmaps pages at the end if more than `kept_bytes` are free there; tells
    /// whether it may have left some to unmap.
    fn shrink(&mut self, kept_bytes: u64) -> bool {
        let free_bytes = self.free_tail_bytes().saturating_sub(kept_bytes);
        let pages = (free_bytes / FRAME_BYTES).min(STEP_PAGES);
        let Some(end) = self.end().filter(|_| pages > 0) else {
            return false;
        };
        self.mapped_bytes -= pages * FRAME_BYTES;
        let wanted_end = HEAP + self.mapped_bytes;
        // SAFETY: it is the end that the allocator knows.
        let known_end = unsafe { self.talc.truncate(end, wanted_end.as_mut_ptr()) };
        assert_eq!(known_end, self.end(), "so much was free, and the first page is never all free");
        // SAFETY: `grow` has mapped them, and the allocator has given them up.
        unsafe { kernel_space::lock().unmap_pages(wanted_end, pages as usize, Purpose::Heap) };
        true
    }

    fn note_peak(&mut self) {
        self.peak_bytes = self.peak_bytes.max(self.talc.counters().allocated_bytes as u64);
    }
}

/// Runs `action` while nobody can allocate.
pub fn while_locked<R>(action: impl FnOnce() -> R) -> R {
    let _heap = HEAP_STATE.lock();
    action()
}

/// Interrupt context allocates nothing.
fn check_context() {
    debug_assert!(!irq::is_in_interrupt(), "an interrupt handler uses the heap");
}

/// Returns a block, or null.
fn allocate(layout: Layout) -> *mut u8 {
    check_context();
    assert!(layout.size() > 0, "a block of no bytes");
    loop {
        let mut heap = HEAP_STATE.lock();
        // SAFETY: it isn't for nothing.
        if let Some(block) = unsafe { heap.talc.try_allocate(layout) } {
            heap.note_peak();
            return block.as_ptr();
        }
        if !heap.grow(layout) {
            heap.failures += 1;
            break;
        }
        // The lock is given back here: interrupts get in between two steps.
    }
    // What was mapped in vain.
    trim();
    ptr::null_mut()
}

/// `alloc`'s way to the heap.
struct KernelHeap;

#[global_allocator]
static GLOBAL: KernelHeap = KernelHeap;

// SAFETY: blocks come from an allocator that hands out each byte once, over pages
// that are mapped for it alone and unmapped only when it has given them up.
unsafe impl GlobalAlloc for KernelHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocate(layout)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        check_context();
        if cfg!(debug_assertions) {
            // SAFETY: the block is the caller's until now.
            unsafe { block.write_bytes(POISON, layout.size()) };
        }
        let mut heap = HEAP_STATE.lock();
        // SAFETY: the caller vouches for block and layout.
        unsafe { heap.talc.deallocate(block, layout) };
        while heap.free_tail_bytes() > 2 * TRIM_BYTES && heap.shrink(TRIM_BYTES) {
            drop(heap);
            heap = HEAP_STATE.lock();
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        check_context();
        {
            let mut heap = HEAP_STATE.lock();
            // SAFETY: the caller vouches for block, layout and a size that isn't 0.
            if unsafe { heap.talc.try_realloc_in_place(block, layout, new_bytes) } {
                heap.note_peak();
                return block;
            }
        }
        let new_block =
            Layout::from_size_align(new_bytes, layout.align()).map_or(ptr::null_mut(), allocate);
        if !new_block.is_null() {
            // SAFETY: the blocks are apart, and each has at least so many bytes.
            unsafe { new_block.copy_from_nonoverlapping(block, layout.size().min(new_bytes)) };
            // SAFETY: the caller has given the block up.
            unsafe { self.dealloc(block, layout) };
        }
        new_block
    }
}

/// The end of those who can't do without memory.
#[alloc_error_handler]
fn out_of_memory(layout: Layout) -> ! {
    let heap = statistics();
    let frames = frames::counts();
    panic!(
        "out of memory: no {} bytes aligned to {}; the heap has {} KiB in use of {} KiB mapped, \
         may have {} KiB; {} frames are free",
        layout.size(),
        layout.align(),
        heap.allocated_bytes / 1024,
        heap.mapped_bytes / 1024,
        heap.limit_bytes / 1024,
        frames.free
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mm::debug::peek;
    use crate::sync::IrqMutex;
    use crate::testing::ShouldPanic;
    use alloc::boxed::Box;
    use alloc::vec::Vec;
    use x86_64::VirtAddr;

    #[test_case]
    fn blocks_keep_their_content_and_alignment() {
        #[repr(align(8192))]
        struct Aligned(#[expect(dead_code, reason = "only its place matters")] u8);
        let before = statistics().allocated_bytes;
        let mut vectors: Vec<Vec<usize>> = Vec::new();
        for length in 0..200 {
            vectors.push((0..length).collect());
            let aligned = Box::new(Aligned(1));
            assert!(VirtAddr::from_ptr(&raw const *aligned).is_aligned(8192_u64));
        }
        for vector in &mut vectors {
            vector.extend(0..100);
            vector.shrink_to_fit();
        }
        for (length, vector) in vectors.iter().enumerate() {
            assert!(vector.iter().copied().eq((0..length).chain(0..100)), "{length}");
        }
        drop(vectors);
        assert_eq!(statistics().allocated_bytes, before);
    }

    #[test_case]
    fn frames_are_mapped_on_demand_and_given_back() {
        // The first page stays for good.
        drop(core::hint::black_box(Box::new(1_u8)));
        trim();
        let (before, frames) = (statistics().mapped_bytes, frames::counts());
        let large = alloc::vec![1_u8; 5 << 20];
        let grown = statistics().mapped_bytes;
        assert!(grown > 5 << 20 && grown < before + (6 << 20), "{before} {grown}");
        drop(large);
        // Up to twice TRIM_BYTES may be left for the next one.
        assert!(statistics().mapped_bytes <= before + 2 * TRIM_BYTES);
        assert!(statistics().tail_bytes >= statistics().mapped_bytes - before);
        trim();
        assert!(statistics().tail_bytes < FRAME_BYTES);
        assert!(statistics().mapped_peak_bytes >= grown);
        assert_eq!(statistics().mapped_bytes, before);
        assert_eq!(frames::counts().used_for(Purpose::Heap), frames.used_for(Purpose::Heap));
    }

    #[test_case]
    fn too_much_is_an_error_for_who_can_handle_it() {
        let before = statistics();
        for bytes in [before.limit_bytes as usize + 1, 1 << 40, isize::MAX as usize] {
            assert!(Vec::<u8>::new().try_reserve_exact(bytes).is_err(), "{bytes}");
        }
        let after = statistics();
        assert_eq!(after.mapped_bytes, before.mapped_bytes, "nothing was mapped in vain");
        assert_eq!(after.failures, before.failures + 3);
    }

    #[test_case]
    const OUT_OF_MEMORY_IS_TOLD: ShouldPanic = ShouldPanic::new(
        "heap::out_of_memory_is_told",
        "out of memory: no 1099511627776 bytes",
        || {
            drop(Vec::<u8>::with_capacity(1 << 40));
        },
    );

    #[test_case]
    fn freed_memory_is_poisoned() {
        let block = Box::new([0x11_u8; 512]);
        let start = VirtAddr::from_ptr(&raw const *block);
        drop(block);
        // The allocator keeps its lists at both ends of what is free.
        let poisoned =
            (32..480).filter(|offset| peek::read(start + *offset) == Some(POISON)).count();
        assert_eq!(poisoned, 448);
    }

    #[test_case]
    const DEVICE_LOCK_FORBIDS_ALLOCATION: ShouldPanic = ShouldPanic::new(
        "heap::device_lock_forbids_allocation",
        "a lock of rank Heap is taken while",
        || {
            static DEVICE: IrqMutex<u8> = IrqMutex::new(Rank::Device, 0);
            let _held = DEVICE.lock();
            drop(core::hint::black_box(Box::new(5_u8)));
        },
    );
}
