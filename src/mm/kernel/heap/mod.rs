//! The kernel's heap, from which `alloc` allocates.
//!
//! | module | what |
//! | --- | --- |
//! | [`cpu_cache`] | each CPU's free small blocks |
//! | [`end`] | the allocator of all blocks, and the end of its memory |
//! | [`size_class`] | the sizes of small blocks |
//! | [`tally`] | counts of allocated and freed bytes |
//!
//! The address range is reserved from the start; frames are mapped when they are needed, and freed
//! when the end of the heap is free again.
//!
//! Callers that can handle a failure use the `try_` functions of `alloc`'s types; for all others a
//! failure ends in [`out_of_memory`].
//!
//! Locks, from outer to inner: the heap's end, a CPU's lists, the allocator. While pages are mapped
//! and unmapped, only the first is held.

mod cpu_cache;
mod end;
mod size_class;
mod tally;
#[cfg(test)]
mod tests;

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use crate::arch::irq;
use crate::mm::kernel::frames;
use crate::mm::kernel::layout::{FRAME_BYTES, HEAP_BYTES};
use size_class::SizeClass;
use tally::Tally;

/// The size to which the heap may always grow, in bytes, if enough frames are free: 16 MiB.
pub const RESERVED_BYTES: u64 = 16 << 20;

/// The value that fills freed blocks in debug builds. A pointer of these bytes isn't
/// canonical, so its use raises a general protection fault.
pub const POISON: u8 = 0xDE;

/// Statistics of the heap, in bytes. The number in use is exact if no other CPU allocates or frees
/// in the meantime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// In use, by the sizes that were requested.
    pub allocated_bytes: u64,
    /// The number of blocks in use.
    pub allocations: u64,
    /// On the lists of CPUs, or lost by rounding small blocks up to the size of their class.
    pub cached_bytes: u64,
    /// The largest sum so far of bytes in use, on the lists of CPUs and lost.
    pub peak_bytes: u64,
    /// The number of blocks that were allocated since the start.
    pub total_allocations: u64,
    /// Mapped to frames.
    pub mapped_bytes: u64,
    /// The largest number of bytes mapped so far.
    pub mapped_peak_bytes: u64,
    /// Mapped and free at the end; these can be unmapped.
    pub tail_bytes: u64,
    /// The number of free pieces of the mapped memory.
    pub gaps: u64,
    /// The largest size that the heap may have.
    pub limit_bytes: u64,
    /// The number of failed allocations.
    pub failures: u64,
}

/// Allows the heap to grow to half of the memory, or to [`RESERVED_BYTES`] if that is
/// more.
pub(in crate::mm) fn start() {
    let half_bytes = frames::managed() as u64 / 2 * FRAME_BYTES;
    end::lock().limit_bytes = half_bytes.clamp(RESERVED_BYTES, HEAP_BYTES);
}

/// Returns the statistics of the heap.
pub fn statistics() -> Statistics {
    let mut tally = Tally::ZERO;
    cpu_cache::count(&mut tally);
    let heap = end::lock();
    tally.add(&heap.tally);
    Statistics {
        allocated_bytes: tally.used_bytes(),
        allocations: tally.used_blocks(),
        cached_bytes: heap.taken_bytes().saturating_sub(tally.used_bytes()),
        peak_bytes: heap.taken_peak_bytes,
        total_allocations: tally.allocations,
        mapped_bytes: heap.mapped_bytes,
        mapped_peak_bytes: heap.mapped_peak_bytes,
        tail_bytes: heap.free_tail_bytes(),
        gaps: heap.gaps(),
        limit_bytes: heap.limit_bytes,
        failures: heap.failures,
    }
}

/// Empties the lists of all CPUs, and unmaps the free pages at the heap's end.
pub fn trim() {
    cpu_cache::drain_all();
    end::shrink(0);
}

/// Runs `action` while the allocator's lock is held.
pub fn while_locked<R>(action: impl FnOnce() -> R) -> R {
    let _heap = end::lock();
    action()
}

/// Panics in an interrupt handler, which must not allocate.
fn check_context() {
    debug_assert!(!irq::is_in_interrupt(), "an interrupt handler uses the heap");
}

/// Returns a block, or null.
#[inline]
fn allocate(layout: Layout) -> *mut u8 {
    check_context();
    assert!(layout.size() > 0, "a block has at least one byte");
    let block = match SizeClass::of(layout) {
        Some(class) => {
            let take = || cpu_cache::allocate(class, layout.size());
            take().or_else(|seen| allocate_slowly(class.layout(), seen, take))
        }
        None => {
            let take = || {
                let mut heap = end::lock();
                let block = heap.allocate(layout).ok_or(heap.seen())?;
                heap.tally.note_allocated(layout.size());
                Ok(block)
            };
            take().or_else(|seen| allocate_slowly(layout, seen, take))
        }
    };
    block.map_or(ptr::null_mut(), NonNull::as_ptr)
}

/// The heap has no free block that is large enough.
struct Exhausted;

/// Repeats `take` while the heap can grow, and once more after emptying the lists of all
/// CPUs.
#[cold]
fn allocate_slowly(
    layout: Layout,
    seen: end::Seen,
    take: impl Fn() -> Result<NonNull<u8>, end::Seen>,
) -> Result<NonNull<u8>, Exhausted> {
    let mut seen = seen;
    let mut is_drained = false;
    let _growing = end::Growing::new();
    loop {
        if !end::grow(layout, seen) {
            if is_drained {
                break;
            }
            cpu_cache::drain_all();
            is_drained = true;
        }
        match take() {
            Ok(block) => return Ok(block),
            Err(seen_now) => seen = seen_now,
        }
    }
    end::lock().failures += 1;
    // Unmaps the pages that were mapped for the failed allocation.
    trim();
    Err(Exhausted)
}

/// The global allocator.
struct KernelHeap;

#[global_allocator]
static GLOBAL: KernelHeap = KernelHeap;

// SAFETY: blocks come from an allocator that allocates each byte only once, from pages
// that are mapped only for it and unmapped only after it has removed them. A small block
// is on one list, or in use.
unsafe impl GlobalAlloc for KernelHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocate(layout)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        check_context();
        if cfg!(debug_assertions) {
            // SAFETY: the block still belongs to the caller.
            unsafe { block.write_bytes(POISON, layout.size()) };
        }
        let Some(block) = NonNull::new(block) else {
            return;
        };
        let has_returned = match SizeClass::of(layout) {
            // SAFETY: the caller's promise for block and layout.
            Some(class) => unsafe { cpu_cache::free(block, class, layout.size()) },
            None => {
                let mut heap = end::lock();
                heap.tally.note_freed(layout.size());
                // SAFETY: the caller's promise for block and layout.
                unsafe { heap.free(block, layout) };
                true
            }
        };
        if has_returned {
            end::shrink_if_large();
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        check_context();
        let Ok(new_layout) = Layout::from_size_align(new_bytes, layout.align()) else {
            return ptr::null_mut();
        };
        match (SizeClass::of(layout), SizeClass::of(new_layout), NonNull::new(block)) {
            (Some(old_class), Some(new_class), _) if old_class == new_class => {
                cpu_cache::note_resized(layout.size(), new_bytes);
                return block;
            }
            (None, None, Some(whole)) => {
                let mut heap = end::lock();
                // SAFETY: the caller's promise for block, layout and a size that isn't 0.
                if unsafe { heap.resize(whole, layout, new_bytes) } {
                    heap.tally.note_resized(layout.size(), new_bytes);
                    return block;
                }
            }
            _ => {}
        }
        let new_block = allocate(new_layout);
        if !new_block.is_null() {
            // SAFETY: the blocks don't overlap, and each has at least this many bytes.
            unsafe { new_block.copy_from_nonoverlapping(block, layout.size().min(new_bytes)) };
            // SAFETY: the caller has released the block.
            unsafe { self.dealloc(block, layout) };
        }
        new_block
    }
}

/// Panics for callers that can't handle a failed allocation.
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
