//! The allocator of all blocks, and the end of its memory.
//!
//! There are two locks. The allocator's is held for a few instructions, with interrupts off; that
//! of the end is held while pages are mapped or unmapped, with interrupts on. To grow the heap,
//! pages are mapped and then added to the allocator; to shrink it, pages are removed from the
//! allocator and then unmapped.

use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};

use talc::DefaultBinning;
use talc::base::Talc;
use talc::source::Manual;

use super::tally::Tally;
use crate::mm::kernel::frames::Purpose;
use crate::mm::kernel::kernel_space;
use crate::mm::kernel::layout::{FRAME_BYTES, HEAP};
use crate::sync::{IrqMutex, IrqMutexGuard, Rank, SpinMutex};

/// The largest number of pages that is mapped or unmapped before the heap is checked again.
const STEP_PAGES: u64 = kernel_space::UNMAPPED_MAX as u64;

/// The largest number of pages that is mapped while the page table's lock is held with interrupts
/// off.
const MAPPED_AT_ONCE: u64 = 16;

/// The smallest amount that is mapped when the heap grows.
const GROWTH_PAGES: u64 = 16;

/// The amount of free memory at the end from which on it is unmapped, in bytes.
pub(super) const TRIM_BYTES: u64 = 1 << 20;

/// The largest overhead of an allocation, without its alignment.
const OVERHEAD_BYTES: u64 = 64;

/// The allocator, and its counts.
pub(super) struct Heap {
    talc: Talc<Manual, DefaultBinning>,
    /// The number of bytes that are mapped from [`HEAP`] on and that `talc` manages.
    pub(super) mapped_bytes: u64,
    pub(super) mapped_peak_bytes: u64,
    pub(super) limit_bytes: u64,
    pub(super) taken_peak_bytes: u64,
    pub(super) failures: u64,
    /// Counts of blocks that aren't small.
    pub(super) tally: Tally,
}

/// Protects the allocator. Taken to allocate or free a block that isn't small, and to
/// refill and empty the lists of small ones; never by interrupt handlers.
static HEAP_STATE: IrqMutex<Heap> = IrqMutex::new(
    Rank::Heap,
    Heap {
        talc: Talc::new(Manual),
        mapped_bytes: 0,
        mapped_peak_bytes: 0,
        limit_bytes: 0,
        taken_peak_bytes: 0,
        failures: 0,
        tally: Tally::ZERO,
    },
);

/// Protects the pages at the end of the heap; held while they are mapped or unmapped.
static HEAP_END: SpinMutex<()> = SpinMutex::new(Rank::HeapEnd, ());

/// The state of the heap when an allocation failed: the number of mapped bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen(u64);

/// Takes the allocator's lock.
pub(super) fn lock() -> IrqMutexGuard<'static, Heap> {
    HEAP_STATE.lock()
}

impl Heap {
    /// Allocates a block; `None` if no free block is large enough.
    pub(super) fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        if layout.size() == 0 {
            return None;
        }
        // SAFETY: the size isn't 0.
        let block = unsafe { self.talc.try_allocate(layout) }?;
        self.note_peak();
        Some(block)
    }

    /// Frees a block.
    ///
    /// # Safety
    /// It was allocated by [`allocate`](Self::allocate) with this layout, and nothing
    /// uses it any more.
    pub(super) unsafe fn free(&mut self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.talc.deallocate(block.as_ptr(), layout) };
    }

    /// Resizes a block in place; returns whether that was possible.
    ///
    /// # Safety
    /// It was allocated by [`allocate`](Self::allocate) with this layout, and the new
    /// size isn't 0.
    pub(super) unsafe fn resize(
        &mut self,
        block: NonNull<u8>,
        layout: Layout,
        new_bytes: usize,
    ) -> bool {
        // SAFETY: the caller's promise.
        let is_resized =
            unsafe { self.talc.try_realloc_in_place(block.as_ptr(), layout, new_bytes) };
        self.note_peak();
        is_resized
    }

    fn note_peak(&mut self) {
        self.taken_peak_bytes = self.taken_peak_bytes.max(self.taken_bytes());
    }

    /// Returns the number of bytes of blocks that are in use or on the lists of CPUs.
    pub(super) fn taken_bytes(&self) -> u64 {
        self.talc.counters().allocated_bytes as u64
    }

    /// Returns the number of free pieces of the mapped memory.
    pub(super) fn gaps(&self) -> u64 {
        self.talc.counters().fragment_count as u64
    }

    /// Returns the state that [`grow`] needs.
    pub(super) fn seen(&self) -> Seen {
        Seen(self.mapped_bytes)
    }

    /// Returns the end of the heap, if it has any memory.
    fn end(&self) -> Option<NonNull<u8>> {
        let end = (HEAP + self.mapped_bytes).as_mut_ptr();
        NonNull::new(end).filter(|_| self.mapped_bytes > 0)
    }

    /// Returns the number of free bytes at the end.
    pub(super) fn free_tail_bytes(&self) -> u64 {
        let Some(end) = self.end() else {
            return 0;
        };
        // SAFETY: it is the end that the allocator has.
        let reserved = unsafe { self.talc.reserved(end) };
        (end.as_ptr().addr() - reserved.up_to.as_ptr().addr()) as u64
    }

    /// Returns the number of pages to map for a block of `layout`; `None` if that exceeds
    /// the limit.
    fn pages_for(&self, layout: Layout) -> Option<u64> {
        let wanted_bytes = (layout.size() as u64)
            .saturating_add(layout.align() as u64)
            .saturating_add(OVERHEAD_BYTES);
        let missing_bytes = wanted_bytes.saturating_sub(self.free_tail_bytes());
        let left_bytes = self.limit_bytes - self.mapped_bytes;
        let pages = missing_bytes.div_ceil(FRAME_BYTES).clamp(GROWTH_PAGES, STEP_PAGES);
        (missing_bytes <= left_bytes).then(|| pages.min(left_bytes / FRAME_BYTES))
    }

    /// Adds pages that have been mapped at the end.
    fn extend(&mut self, pages: u64) {
        let old_end = self.end();
        self.mapped_bytes += pages * FRAME_BYTES;
        self.mapped_peak_bytes = self.mapped_peak_bytes.max(self.mapped_bytes);
        let new_end: *mut u8 = (HEAP + self.mapped_bytes).as_mut_ptr();
        let known_end = match old_end {
            // SAFETY: it is the end that the allocator has; the pages after it have just been
            // mapped, only for the heap.
            Some(old_end) => Some(unsafe { self.talc.extend(old_end, new_end) }),
            // SAFETY: the pages have just been mapped, only for the heap.
            None => unsafe { self.talc.claim(HEAP.as_mut_ptr(), self.mapped_bytes as usize) },
        };
        assert_eq!(known_end, self.end(), "the first pages have room for the allocator's data");
    }

    /// Removes free pages from the end, and keeps `kept_bytes` of free memory there;
    /// returns the number of removed pages.
    fn truncate(&mut self, kept_bytes: u64) -> u64 {
        let free_bytes = self.free_tail_bytes().saturating_sub(kept_bytes);
        let pages = (free_bytes / FRAME_BYTES).min(STEP_PAGES);
        let Some(end) = self.end().filter(|_| pages > 0) else {
            return 0;
        };
        self.mapped_bytes -= pages * FRAME_BYTES;
        let wanted_end = HEAP + self.mapped_bytes;
        // SAFETY: it is the end that the allocator has.
        let known_end = unsafe { self.talc.truncate(end, wanted_end.as_mut_ptr()) };
        assert_eq!(
            known_end,
            self.end(),
            "this much was free, and the first page is never all free"
        );
        pages
    }
}

/// The number of allocations that wait for the heap to grow.
static GROWING: AtomicU32 = AtomicU32::new(0);

/// Prevents all CPUs from shrinking the heap while it lives. An allocation that grows the heap
/// holds one, because a large block takes several steps, and another CPU that frees memory could
/// undo each of them.
pub(super) struct Growing(());

impl Growing {
    pub(super) fn new() -> Self {
        GROWING.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        GROWING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Maps more pages for a block of `layout`, if the limit allows it. Returns whether more pages are
/// mapped now than in the state `seen`, in which the heap had no free block for it.
pub(super) fn grow(layout: Layout, seen: Seen) -> bool {
    let _end = HEAP_END.lock();
    let (start, pages) = {
        let heap = lock();
        if heap.mapped_bytes > seen.0 {
            return true;
        }
        match heap.pages_for(layout) {
            Some(pages) => (HEAP + heap.mapped_bytes, pages),
            None => return false,
        }
    };
    let mut mapped = 0;
    while mapped < pages {
        let until = pages.min(mapped + MAPPED_AT_ONCE);
        let mut space = kernel_space::lock();
        while mapped < until && space.map_heap_page(start + mapped * FRAME_BYTES).is_ok() {
            mapped += 1;
        }
        if mapped < until {
            break;
        }
    }
    if mapped > 0 {
        lock().extend(mapped);
    }
    mapped > 0
}

/// Unmaps free pages at the end until at most `kept_bytes` are free there.
pub(super) fn shrink(kept_bytes: u64) {
    // Between two steps the thread may be preempted.
    while {
        let _end = HEAP_END.lock();
        shrink_by_a_step(kept_bytes)
    } {}
}

/// Unmaps free pages at the end if there are enough, unless another CPU is changing the end.
pub(super) fn shrink_if_large() {
    while GROWING.load(Ordering::Relaxed) == 0 && lock().free_tail_bytes() > 2 * TRIM_BYTES {
        let Some(_end) = HEAP_END.try_lock() else {
            return;
        };
        if !shrink_by_a_step(TRIM_BYTES) {
            return;
        }
    }
}

/// Unmaps some pages at the end, which is locked; returns whether there were any free.
fn shrink_by_a_step(kept_bytes: u64) -> bool {
    let (pages, start) = {
        let mut heap = lock();
        let pages = heap.truncate(kept_bytes);
        (pages, HEAP + heap.mapped_bytes)
    };
    if pages > 0 {
        // SAFETY: `grow` has mapped them, and the allocator has removed them.
        unsafe { kernel_space::lock().unmap_pages(start, pages as usize, Purpose::Heap) };
    }
    pages > 0
}
