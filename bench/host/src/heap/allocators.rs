//! The allocators, with one interface, each used as in practice: talc through the
//! `GlobalAlloc` of its cell, linked_list_allocator through its `Heap`. Neither has a
//! lock.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use talc::TalcCell;
use talc::source::Manual;

/// A heap in a fixed arena.
pub trait Allocator {
    /// Makes a heap.
    ///
    /// # Safety
    /// Nothing else uses the `len_bytes` bytes at `arena` as long as the heap or one of
    /// its blocks is used.
    unsafe fn new(arena: *mut u8, len_bytes: usize) -> Self;

    /// Allocates a block; `None` if there is no room. The size isn't 0.
    fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>>;

    /// Frees a block.
    ///
    /// # Safety
    /// The block was allocated from this heap with this layout, and isn't used any more.
    unsafe fn free(&mut self, block: NonNull<u8>, layout: Layout);

    /// Changes the size of a block, which may move it.
    ///
    /// # Safety
    /// The block was allocated from this heap with this layout. If a block is returned,
    /// the old place isn't used any more.
    unsafe fn resize(
        &mut self,
        block: NonNull<u8>,
        layout: Layout,
        len_bytes: usize,
    ) -> Option<NonNull<u8>>;
}

/// talc, which grows and shrinks blocks in place where it can.
pub struct Talc(TalcCell<Manual>);

impl Allocator for Talc {
    unsafe fn new(arena: *mut u8, len_bytes: usize) -> Self {
        let cell = TalcCell::new(Manual);
        // SAFETY: nothing else uses the arena.
        let end = unsafe { cell.claim(arena, len_bytes) };
        end.expect("the arena is large enough");
        Self(cell)
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: the size isn't 0.
        NonNull::new(unsafe { self.0.alloc(layout) })
    }

    unsafe fn free(&mut self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller has allocated it from this heap.
        unsafe { self.0.dealloc(block.as_ptr(), layout) }
    }

    unsafe fn resize(
        &mut self,
        block: NonNull<u8>,
        layout: Layout,
        len_bytes: usize,
    ) -> Option<NonNull<u8>> {
        // SAFETY: the caller has allocated it from this heap.
        NonNull::new(unsafe { self.0.realloc(block.as_ptr(), layout, len_bytes) })
    }
}

/// linked_list_allocator, which always moves a block to change its size.
pub struct LinkedList(linked_list_allocator::Heap);

impl Allocator for LinkedList {
    unsafe fn new(arena: *mut u8, len_bytes: usize) -> Self {
        // SAFETY: nothing else uses the arena.
        Self(unsafe { linked_list_allocator::Heap::new(arena, len_bytes) })
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        self.0.allocate_first_fit(layout).ok()
    }

    unsafe fn free(&mut self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller has allocated it from this heap.
        unsafe { self.0.deallocate(block, layout) }
    }

    /// Allocates, copies and frees, as the default method of `GlobalAlloc` does.
    unsafe fn resize(
        &mut self,
        block: NonNull<u8>,
        layout: Layout,
        len_bytes: usize,
    ) -> Option<NonNull<u8>> {
        let new_layout = Layout::from_size_align(len_bytes, layout.align()).ok()?;
        let new = self.allocate(new_layout)?;
        let kept_bytes = layout.size().min(len_bytes);
        // SAFETY: both blocks are at least that long, and they don't overlap.
        unsafe { new.copy_from_nonoverlapping(block, kept_bytes) };
        // SAFETY: the caller has allocated it from this heap.
        unsafe { self.free(block, layout) };
        Some(new)
    }
}
