//! Each CPU's free small blocks: allocating and freeing a small block needs no global
//! lock.
//!
//! Each class of blocks has a list, linked through the blocks themselves, which is refilled and
//! emptied by half. The lists of a CPU have their own lock, which is nearly always free. Other CPUs
//! take it only if the heap is exhausted: then the CPU that needs a block empties all lists.

use core::ptr::NonNull;

use super::end::{self, Seen};
use super::size_class::{CLASSES, SizeClass};
use super::tally::Tally;
use crate::arch::cpu::percpu;
use crate::per_cpu;
use crate::sync::{Rank, SpinMutex};

/// The header of a free block.
struct FreeBlock {
    next: Option<NonNull<FreeBlock>>,
}

/// Free blocks of one class; the first was freed last.
struct List {
    first: Option<NonNull<FreeBlock>>,
    len: usize,
}

struct Cache {
    lists: [List; CLASSES],
    /// Counts of the blocks that were allocated from the lists and freed to them.
    tally: Tally,
}

// SAFETY: the blocks are free memory that belongs to the lists alone.
unsafe impl Send for Cache {}

per_cpu! {
    /// Protects a CPU's free small blocks. Taken by the CPU itself, and by others when
    /// the heap is exhausted, trimmed or counted; never by interrupt handlers.
    static CACHE: SpinMutex<Cache> = SpinMutex::new(Rank::HeapCache, Cache {
        lists: [const { List { first: None, len: 0 } }; CLASSES],
        tally: Tally::ZERO,
    });
}

impl List {
    #[inline]
    fn pop(&mut self) -> Option<NonNull<u8>> {
        let block = self.first?;
        // SAFETY: a block of the list is free and begins with a link, which `push` has
        // written.
        self.first = unsafe { block.read() }.next;
        self.len -= 1;
        Some(block.cast())
    }

    /// Adds `block` at the front.
    ///
    /// # Safety
    /// It is a block of the list's class, and nothing uses it.
    #[inline]
    unsafe fn push(&mut self, block: NonNull<u8>) {
        let block: NonNull<FreeBlock> = block.cast();
        // SAFETY: a block of any class has room for a link, and is aligned to 16.
        unsafe { block.write(FreeBlock { next: self.first }) };
        self.first = Some(block);
        self.len += 1;
    }

    /// Allocates half of the list's capacity from the heap; fewer blocks, or none, if the
    /// heap has no more.
    fn refill(&mut self, class: SizeClass) -> Seen {
        let mut heap = end::lock();
        while self.len < class.kept_max() / 2 {
            let Some(block) = heap.allocate(class.layout()) else {
                break;
            };
            // SAFETY: the heap has just allocated it.
            unsafe { self.push(block) };
        }
        heap.seen()
    }

    /// Returns all blocks to the heap except the first `kept`, which were freed last.
    #[cold]
    fn drain(&mut self, class: SizeClass, kept: usize) {
        let mut rest = List { first: None, len: self.len.saturating_sub(kept) };
        match kept.checked_sub(1) {
            None => core::mem::swap(&mut rest.first, &mut self.first),
            Some(steps) => {
                let mut last = self.first;
                for _ in 0..steps {
                    // SAFETY: as in `pop`.
                    last = last.and_then(|block| unsafe { block.read() }.next);
                }
                if let Some(last) = last {
                    // SAFETY: as in `pop`.
                    let link = unsafe { &mut *last.as_ptr() };
                    rest.first = link.next.take();
                }
            }
        }
        self.len -= rest.len;
        let mut heap = end::lock();
        while let Some(block) = rest.pop() {
            // SAFETY: it was allocated with this layout, and nothing uses it.
            unsafe { heap.free(block, class.layout()) };
        }
    }
}

/// Allocates a block of `class`, for a request of `bytes`.
///
/// # Errors
/// The state of the heap if it has no block: it must grow.
#[inline]
pub(super) fn allocate(class: SizeClass, bytes: usize) -> Result<NonNull<u8>, Seen> {
    // The thread may move to another CPU before it has the lock; then it uses the lists of the
    // previous CPU, which is only slower.
    let mut cache = CACHE.here().lock();
    let list = &mut cache.lists[class.index()];
    let block = match list.pop() {
        Some(block) => block,
        None => {
            let seen = list.refill(class);
            list.pop().ok_or(seen)?
        }
    };
    cache.tally.note_allocated(bytes);
    Ok(block)
}

/// Frees a block of `class` that was requested with `bytes`; returns whether blocks were returned
/// to the heap.
///
/// # Safety
/// [`allocate`] returned it for this class, and nothing uses it any more.
#[inline]
pub(super) unsafe fn free(block: NonNull<u8>, class: SizeClass, bytes: usize) -> bool {
    let mut cache = CACHE.here().lock();
    cache.tally.note_freed(bytes);
    let list = &mut cache.lists[class.index()];
    let is_full = list.len >= class.kept_max();
    if is_full {
        list.drain(class, class.kept_max() / 2);
    }
    // SAFETY: the caller's promise.
    unsafe { list.push(block) };
    is_full
}

/// Counts that a small block of `old_bytes` now has `new_bytes`.
pub(super) fn note_resized(old_bytes: usize, new_bytes: usize) {
    CACHE.here().lock().tally.note_resized(old_bytes, new_bytes);
}

/// Returns all free blocks of all CPUs to the heap.
pub(super) fn drain_all() {
    for cpu in percpu::all() {
        let mut cache = CACHE.of(cpu).lock();
        for class in SizeClass::all() {
            let list = &mut cache.lists[class.index()];
            if list.len > 0 {
                list.drain(class, 0);
            }
        }
    }
}

/// Adds the counts of all CPUs to `tally`.
pub(super) fn count(tally: &mut Tally) {
    for cpu in percpu::all() {
        tally.add(&CACHE.of(cpu).lock().tally);
    }
}
