//! Objects on a heap, each with a mark at its start and at its end, by which it is
//! seen that no two overlap and that none loses its content.

use std::alloc::Layout;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::allocators::Allocator;

/// The shortest object, in bytes.
pub const SHORTEST_BYTES: usize = 16;

/// An object, and the heap's block that it has.
#[derive(Clone, Copy)]
struct Object {
    block: NonNull<u8>,
    layout: Layout,
}

impl Object {
    /// Returns the place of the mark that ends `end_bytes` behind the start.
    fn mark(self, end_bytes: usize) -> *mut u64 {
        self.block.as_ptr().wrapping_add(end_bytes - size_of::<u64>()).cast()
    }

    /// Writes the mark at the end.
    fn write_mark(self, end_bytes: usize, value: usize) {
        // SAFETY: the mark lies in the block, which nobody else uses.
        unsafe { self.mark(end_bytes).write_unaligned(value as u64) }
    }

    /// Checks a mark that was written.
    fn check_mark(self, end_bytes: usize, value: usize) {
        // SAFETY: the mark lies in the block, which nobody else uses.
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
        // SAFETY: the arena is borrowed as long as the heap, and the blocks with it.
        let heap = unsafe { A::new(arena.as_mut_ptr(), arena.len()) };
        Self { heap, slots: vec![None; slots], arena: PhantomData }
    }

    /// Makes an object, of at least [`SHORTEST_BYTES`], in an empty slot, or frees
    /// the object in the slot.
    pub fn toggle(&mut self, slot: usize, layout: Layout) {
        if let Some(object) = self.slots[slot].take() {
            object.check_mark(SHORTEST_BYTES / 2, slot);
            object.check_mark(object.layout.size(), slot);
            // SAFETY: it is out of its slot, so nobody uses it any more.
            return unsafe { self.heap.free(object.block, object.layout) };
        }
        let block = self.heap.allocate(layout).expect("the arena is large enough");
        assert!(block.addr().get().is_multiple_of(layout.align()));
        let object = Object { block, layout };
        object.write_mark(SHORTEST_BYTES / 2, slot);
        object.write_mark(layout.size(), slot);
        self.slots[slot] = Some(object);
    }

    /// Doubles the length of the object in a slot, as a vector that is full does.
    pub fn double(&mut self, slot: usize) {
        let old = self.slots[slot].take().expect("there is an object");
        let len_bytes = old.layout.size() * 2;
        // SAFETY: it is out of its slot, so nobody uses the old block any more.
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

    /// Returns the number of objects and their bytes.
    pub fn live(&self) -> (usize, usize) {
        let objects = self.slots.iter().flatten();
        objects.fold((0, 0), |(count, bytes), object| (count + 1, bytes + object.layout.size()))
    }

    /// Frees all objects, and checks that the arena is whole again but for
    /// `overhead_bytes`.
    pub fn clear(&mut self, arena_bytes: usize, overhead_bytes: usize) {
        for slot in 0..self.slots.len() {
            if let Some(object) = self.slots[slot] {
                self.toggle(slot, object.layout);
            }
        }
        let whole = self.take(arena_bytes - overhead_bytes).expect("all blocks were freed");
        self.give_back(whole);
    }

    /// Takes the largest block that can be had, if one of [`SHORTEST_BYTES`] can.
    fn take_largest(&mut self, at_most_bytes: usize) -> Option<Object> {
        // One that can be had, and one that can't.
        let (mut low, mut high) = (SHORTEST_BYTES, at_most_bytes + 8);
        let shortest = self.take(low)?;
        self.give_back(shortest);
        while high - low > 8 {
            let middle = (low + (high - low) / 2).next_multiple_of(8);
            match self.take(middle) {
                Some(block) => {
                    self.give_back(block);
                    low = middle;
                }
                None => high = middle,
            }
        }
        self.take(low)
    }

    /// Returns the size of the largest block that can be had, and the bytes of all
    /// that can be had one after the other, the largest first.
    pub fn space(&mut self, arena_bytes: usize) -> (usize, usize) {
        let mut taken: Vec<Object> = Vec::new();
        while let Some(block) =
            self.take_largest(taken.last().map_or(arena_bytes, |last| last.layout.size()))
        {
            taken.push(block);
        }
        let sizes = taken.iter().map(|block| block.layout.size());
        let space = (sizes.clone().max().unwrap_or(0), sizes.sum());
        taken.into_iter().for_each(|block| self.give_back(block));
        space
    }

    fn take(&mut self, len_bytes: usize) -> Option<Object> {
        let layout = Layout::from_size_align(len_bytes, 8).ok()?;
        self.heap.allocate(layout).map(|block| Object { block, layout })
    }

    fn give_back(&mut self, object: Object) {
        // SAFETY: it came from `take`, and was neither used nor kept.
        unsafe { self.heap.free(object.block, object.layout) }
    }
}
