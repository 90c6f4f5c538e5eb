//! Objects on a heap. Each has a mark at its start and at its end; the marks show whether
//! objects overlap or lose their content.

use std::alloc::Layout;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::allocators::Allocator;

/// The length of the shortest object, in bytes.
pub const SHORTEST_BYTES: usize = 16;

/// An object and its block of the heap.
#[derive(Clone, Copy)]
struct Object {
    block: NonNull<u8>,
    layout: Layout,
}

impl Object {
    /// Returns the address of the mark that ends `end_bytes` after the start.
    fn mark(self, end_bytes: usize) -> *mut u64 {
        self.block.as_ptr().wrapping_add(end_bytes - size_of::<u64>()).cast()
    }

    /// Writes a mark.
    fn write_mark(self, end_bytes: usize, value: usize) {
        // SAFETY: the mark is in the block, which nothing else uses.
        unsafe { self.mark(end_bytes).write_unaligned(value as u64) }
    }

    /// Checks a mark that was written before.
    fn check_mark(self, end_bytes: usize, value: usize) {
        // SAFETY: the mark is in the block, which nothing else uses.
        let found = unsafe { self.mark(end_bytes).read_unaligned() };
        assert_eq!(found, value as u64, "an object was written over");
    }
}

/// A heap in an arena, with objects in numbered slots.
pub struct Objects<'a, A> {
    heap: A,
    slots: Vec<Option<Object>>,
    arena: PhantomData<&'a mut [u8]>,
}

impl<'a, A: Allocator> Objects<'a, A> {
    /// Makes a heap without objects.
    pub fn new(arena: &'a mut [u8], slots: usize) -> Self {
        // SAFETY: the arena is borrowed as long as the heap and its blocks exist.
        let heap = unsafe { A::new(arena.as_mut_ptr(), arena.len()) };
        Self { heap, slots: vec![None; slots], arena: PhantomData }
    }

    /// Frees the object in the slot; if the slot is empty, makes an object there of at
    /// least [`SHORTEST_BYTES`].
    pub fn toggle(&mut self, slot: usize, layout: Layout) {
        if let Some(object) = self.slots[slot].take() {
            object.check_mark(SHORTEST_BYTES / 2, slot);
            object.check_mark(object.layout.size(), slot);
            // SAFETY: the object was removed from its slot, so nothing uses it any more.
            return unsafe { self.heap.free(object.block, object.layout) };
        }
        let block = self.heap.allocate(layout).expect("the arena is large enough");
        assert!(block.addr().get().is_multiple_of(layout.align()));
        let object = Object { block, layout };
        object.write_mark(SHORTEST_BYTES / 2, slot);
        object.write_mark(layout.size(), slot);
        self.slots[slot] = Some(object);
    }

    /// Doubles the length of the object in a slot, as a full vector does.
    pub fn double(&mut self, slot: usize) {
        let old = self.slots[slot].take().expect("there is an object");
        let len_bytes = old.layout.size() * 2;
        // SAFETY: the object was removed from its slot, so nothing uses the old block any
        // more.
        let block = unsafe { self.heap.resize(old.block, old.layout, len_bytes) };
        let layout = Layout::from_size_align(len_bytes, old.layout.align());
        let new = Object {
            block: block.expect("the arena is large enough"),
            layout: layout.expect("it is shorter than the arena"),
        };
        new.check_mark(SHORTEST_BYTES / 2, slot);
        new.check_mark(old.layout.size(), slot);
        new.write_mark(len_bytes, slot);
        self.slots[slot] = Some(new);
    }

    /// Returns the number of objects and the sum of their lengths in bytes.
    pub fn live(&self) -> (usize, usize) {
        let objects = self.slots.iter().flatten();
        objects.fold((0, 0), |(count, bytes), object| (count + 1, bytes + object.layout.size()))
    }

    /// Frees all objects, and checks that all of the arena can be allocated again except
    /// `overhead_bytes`.
    pub fn clear(&mut self, arena_bytes: usize, overhead_bytes: usize) {
        for slot in 0..self.slots.len() {
            if let Some(object) = self.slots[slot] {
                self.toggle(slot, object.layout);
            }
        }
        let whole = self.take(arena_bytes - overhead_bytes).expect("all blocks were freed");
        self.free_object(whole);
    }

    /// Allocates the largest possible block, if one of [`SHORTEST_BYTES`] is possible.
    fn take_largest(&mut self, at_most_bytes: usize) -> Option<Object> {
        // A size that can be allocated, and one that can't.
        let (mut low, mut high) = (SHORTEST_BYTES, at_most_bytes + 8);
        let shortest = self.take(low)?;
        self.free_object(shortest);
        while high - low > 8 {
            let middle = (low + (high - low) / 2).next_multiple_of(8);
            match self.take(middle) {
                Some(block) => {
                    self.free_object(block);
                    low = middle;
                }
                None => high = middle,
            }
        }
        self.take(low)
    }

    /// Returns the size of the largest block that can be allocated, and the sum of all
    /// blocks that can be allocated one after the other, the largest possible first.
    pub fn space(&mut self, arena_bytes: usize) -> (usize, usize) {
        let mut taken: Vec<Object> = Vec::new();
        while let Some(block) =
            self.take_largest(taken.last().map_or(arena_bytes, |last| last.layout.size()))
        {
            taken.push(block);
        }
        let sizes = taken.iter().map(|block| block.layout.size());
        let space = (sizes.clone().max().unwrap_or(0), sizes.sum());
        taken.into_iter().for_each(|block| self.free_object(block));
        space
    }

    fn take(&mut self, len_bytes: usize) -> Option<Object> {
        let layout = Layout::from_size_align(len_bytes, 8).ok()?;
        self.heap.allocate(layout).map(|block| Object { block, layout })
    }

    fn free_object(&mut self, object: Object) {
        // SAFETY: it was allocated by `take`, and isn't used any more.
        unsafe { self.heap.free(object.block, object.layout) }
    }
}
