//! The part of the queue that each element has.

use core::cell::Cell;

/// Finds the link of an element.
pub trait Links {
    /// The type of ids: a number, or a reference.
    type Id: Copy + Eq;

    /// Returns the link of `id`: always the same one for the same id. The queue requests only links
    /// of ids that were inserted.
    fn link(&self, id: Self::Id) -> &Link<Self::Id>;
}

/// The links in a row, by their index.
impl Links for [Link] {
    type Id = u32;

    #[inline]
    fn link(&self, id: u32) -> &Link {
        &self[id as usize]
    }
}

/// The links in a row, by their index.
impl<const LEN: usize> Links for [Link; LEN] {
    type Id = u32;

    #[inline]
    fn link(&self, id: u32) -> &Link {
        &self[id as usize]
    }
}

/// The part of a queue that an element has while it is in it.
///
/// Its fields are cells: the lock of the [`DeadlineQueue`](crate::DeadlineQueue) protects the links
/// of its elements, and one CPU at a time uses them.
#[derive(Debug)]
pub struct Link<I: Copy = u32> {
    key: Cell<u64>,
    /// The number of the insertion: the smaller of equal keys' comes first.
    order: Cell<u64>,
    parent: Cell<Option<I>>,
    left: Cell<Option<I>>,
    right: Cell<Option<I>>,
    /// How many elements are on the way to the nearest missing child; 0 if not linked.
    rank: Cell<u32>,
}

impl<I: Copy> Link<I> {
    /// Returns one that isn't linked.
    pub const fn new() -> Self {
        Self {
            key: Cell::new(0),
            order: Cell::new(0),
            parent: Cell::new(None),
            left: Cell::new(None),
            right: Cell::new(None),
            rank: Cell::new(0),
        }
    }

    /// Returns whether the element is in a queue.
    #[inline]
    pub fn is_linked(&self) -> bool {
        self.rank() != 0
    }

    /// Returns the key of the last insertion; 0 before the first.
    #[inline]
    pub fn key(&self) -> u64 {
        self.key.get()
    }

    #[inline]
    pub(crate) fn set_place(&self, key: u64, order: u64) {
        self.key.set(key);
        self.order.set(order);
    }

    /// Returns whether this one comes before `other`.
    #[inline]
    pub(crate) fn precedes(&self, other: &Self) -> bool {
        let (key, other_key) = (self.key(), other.key());
        key < other_key || key == other_key && self.order.get() < other.order.get()
    }

    #[inline]
    pub(crate) fn parent(&self) -> Option<I> {
        self.parent.get()
    }

    #[inline]
    pub(crate) fn set_parent(&self, id: Option<I>) {
        self.parent.set(id);
    }

    #[inline]
    pub(crate) fn left(&self) -> Option<I> {
        self.left.get()
    }

    #[inline]
    pub(crate) fn set_left(&self, id: Option<I>) {
        self.left.set(id);
    }

    #[inline]
    pub(crate) fn right(&self) -> Option<I> {
        self.right.get()
    }

    #[inline]
    pub(crate) fn set_right(&self, id: Option<I>) {
        self.right.set(id);
    }

    #[inline]
    pub(crate) fn rank(&self) -> u32 {
        self.rank.get()
    }

    #[inline]
    pub(crate) fn set_rank(&self, rank: u32) {
        self.rank.set(rank);
    }
}

impl<I: Copy> Default for Link<I> {
    fn default() -> Self {
        Self::new()
    }
}
