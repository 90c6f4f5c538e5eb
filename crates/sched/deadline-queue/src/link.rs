//! What each element keeps of the queue.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// The id that no element has.
pub const NONE: u32 = u32::MAX;

/// Finds the link of an element.
pub trait Links {
    /// Returns the link of `id`: always the same one for the same id. It is asked for
    /// the ids that were inserted, never for [`NONE`].
    fn link(&self, id: u32) -> &Link;
}

/// The links in a row, by their index.
impl Links for [Link] {
    #[inline]
    fn link(&self, id: u32) -> &Link {
        &self[id as usize]
    }
}

/// The links in a row, by their index.
impl<const LEN: usize> Links for [Link; LEN] {
    #[inline]
    fn link(&self, id: u32) -> &Link {
        &self[id as usize]
    }
}

/// What an element keeps while it is in a queue.
///
/// The fields are atomic only so that a shared reference can change them. All accesses
/// are relaxed, which are plain moves: the lock of the
/// [`DeadlineQueue`](crate::DeadlineQueue) protects the links of its elements.
#[derive(Debug)]
pub struct Link {
    key: AtomicU64,
    /// The number of the insertion: the smaller of equal keys' comes first.
    order: AtomicU64,
    parent: AtomicU32,
    left: AtomicU32,
    right: AtomicU32,
    /// How many elements are on the way to the nearest missing child; 0 if not linked.
    rank: AtomicU32,
}

impl Link {
    /// Returns one that isn't linked.
    pub const fn new() -> Self {
        Self {
            key: AtomicU64::new(0),
            order: AtomicU64::new(0),
            parent: AtomicU32::new(NONE),
            left: AtomicU32::new(NONE),
            right: AtomicU32::new(NONE),
            rank: AtomicU32::new(0),
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
        self.key.load(Relaxed)
    }

    #[inline]
    pub(crate) fn set_place(&self, key: u64, order: u64) {
        self.key.store(key, Relaxed);
        self.order.store(order, Relaxed);
    }

    /// Returns whether this one comes before `other`.
    #[inline]
    pub(crate) fn precedes(&self, other: &Link) -> bool {
        let (key, other_key) = (self.key(), other.key());
        key < other_key || key == other_key && self.order.load(Relaxed) < other.order.load(Relaxed)
    }

    #[inline]
    pub(crate) fn parent(&self) -> u32 {
        self.parent.load(Relaxed)
    }

    #[inline]
    pub(crate) fn set_parent(&self, id: u32) {
        self.parent.store(id, Relaxed);
    }

    #[inline]
    pub(crate) fn left(&self) -> u32 {
        self.left.load(Relaxed)
    }

    #[inline]
    pub(crate) fn set_left(&self, id: u32) {
        self.left.store(id, Relaxed);
    }

    #[inline]
    pub(crate) fn right(&self) -> u32 {
        self.right.load(Relaxed)
    }

    #[inline]
    pub(crate) fn set_right(&self, id: u32) {
        self.right.store(id, Relaxed);
    }

    #[inline]
    pub(crate) fn rank(&self) -> u32 {
        self.rank.load(Relaxed)
    }

    #[inline]
    pub(crate) fn set_rank(&self, rank: u32) {
        self.rank.store(rank, Relaxed);
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}
