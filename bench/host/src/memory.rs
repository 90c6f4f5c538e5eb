//! Simulated physical memory, with one frame allocator for all mappers.
//!
//! Frame n is at the base plus 4,096 n. Frame 0 is never allocated, because
//! page_table_multiarch treats an entry with address 0 as empty. Only tables are in this
//! memory; the frames that pages are mapped to don't exist.

use std::alloc::{Layout, alloc_zeroed};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The size of a frame, in bytes.
pub const FRAME_BYTES: u64 = 4096;

/// The size of the memory, in bytes.
const MEMORY_BYTES: u64 = 96 << 20;

/// The address of frame 0, a multiple of 2 MiB.
static BASE: AtomicU64 = AtomicU64::new(0);
/// The address of the lowest frame that was never allocated.
static NEXT: AtomicU64 = AtomicU64::new(FRAME_BYTES);
/// The first free frame below `NEXT`, or 0; the first word of each is the next one.
static FREE: AtomicU64 = AtomicU64::new(0);
/// The number of frames in use.
static USED: AtomicU64 = AtomicU64::new(0);
/// The number of TLB flushes.
static FLUSHES: AtomicU64 = AtomicU64::new(0);

/// Makes the memory, and writes to all of it, so that the host has no page faults during
/// a measurement. Does nothing if the memory exists.
pub fn set_up() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let layout = Layout::from_size_align(MEMORY_BYTES as usize, 2 << 20);
        let layout = layout.expect("the alignment is a power of two");
        // SAFETY: the layout has a size.
        let memory = unsafe { alloc_zeroed(layout) };
        assert!(!memory.is_null(), "the host has no memory left");
        // SAFETY: the memory was just allocated, with this size.
        unsafe { memory.write_bytes(0xA5, layout.size()) };
        BASE.store(memory as u64, Relaxed);
    });
}

/// Returns the address of physical address 0.
#[inline]
pub fn base() -> u64 {
    BASE.load(Relaxed)
}

/// Allocates a frame with any content. Only one thread may call this.
#[inline]
pub fn allocate() -> Option<u64> {
    let mut frame = FREE.load(Relaxed);
    if frame != 0 {
        FREE.store(first_word(frame).load(Relaxed), Relaxed);
    } else {
        frame = NEXT.load(Relaxed);
        if frame == MEMORY_BYTES {
            return None;
        }
        NEXT.store(frame + FRAME_BYTES, Relaxed);
    }
    USED.store(USED.load(Relaxed) + 1, Relaxed);
    Some(frame)
}

/// Frees a frame.
///
/// # Safety
/// The frame comes from [`allocate`], has not been freed since, and nothing uses it any
/// more.
#[inline]
pub unsafe fn free(frame: u64) {
    first_word(frame).store(FREE.load(Relaxed), Relaxed);
    FREE.store(frame, Relaxed);
    USED.store(USED.load(Relaxed) - 1, Relaxed);
}

/// Resets the memory, so that frames are allocated in rising order again.
///
/// # Panics
/// If a frame is in use: a page table has leaked it.
pub fn reset() {
    assert_eq!(USED.load(Relaxed), 0, "frames are lost");
    FREE.store(0, Relaxed);
    NEXT.store(FRAME_BYTES, Relaxed);
}

/// Sets ACCESSED and DIRTY in all present entries of all tables except the first, as the
/// CPU does when it reads and writes the pages.
///
/// # Safety
/// The memory is used only by a page table that was made after [`reset`], and that holds
/// no reference to a table except its root, the first one.
pub unsafe fn note_all_used() {
    const PRESENT: u64 = 1;
    const ACCESSED_AND_DIRTY: u64 = 1 << 5 | 1 << 6;
    let first = base() + 2 * FRAME_BYTES;
    let end = base() + NEXT.load(Relaxed);
    for address in (first..end).step_by(size_of::<u64>()) {
        // SAFETY: the word is in the memory, which is never freed, and no reference to it
        // exists.
        let word = unsafe { AtomicU64::from_ptr(address as *mut u64) };
        if word.load(Relaxed) & PRESENT != 0 {
            word.fetch_or(ACCESSED_AND_DIRTY, Relaxed);
        }
    }
}

/// Counts a flush; all page tables call this in place of a flush.
#[inline]
pub fn count_flush() {
    FLUSHES.store(FLUSHES.load(Relaxed) + 1, Relaxed);
}

/// Returns the first word of a free frame.
#[inline]
fn first_word(frame: u64) -> &'static AtomicU64 {
    // SAFETY: the frame is in the memory, which is never freed, and its first word is
    // aligned. Nothing else uses the frame.
    unsafe { AtomicU64::from_ptr((base() + frame) as *mut u64) }
}
