//! What a thread keeps for the tree of waiting fair threads.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::thread_id::NONE;

/// A thread's place in the tree, and what it is sorted and found by.
#[derive(Debug)]
pub(crate) struct TreeLink {
    deadline: AtomicU64,
    vruntime: AtomicU64,
    /// The smallest of the subtree.
    min_vruntime: AtomicU64,
    pub(crate) parent: AtomicU32,
    children: [AtomicU32; 2],
    /// Of the subtree.
    height: AtomicU32,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Side {
    Left,
    Right,
}

impl Side {
    #[inline]
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

impl TreeLink {
    pub(crate) const fn new() -> Self {
        Self {
            deadline: AtomicU64::new(0),
            vruntime: AtomicU64::new(0),
            min_vruntime: AtomicU64::new(0),
            parent: AtomicU32::new(NONE),
            children: [const { AtomicU32::new(NONE) }; 2],
            height: AtomicU32::new(0),
        }
    }

    #[inline]
    pub(crate) fn deadline(&self) -> u64 {
        self.deadline.load(Relaxed)
    }

    /// Sets the deadline of a thread that isn't in the tree.
    #[inline]
    pub(crate) fn set_deadline(&self, deadline: u64) {
        self.deadline.store(deadline, Relaxed);
    }

    #[inline]
    pub(crate) fn vruntime(&self) -> u64 {
        self.vruntime.load(Relaxed)
    }

    /// Sets the vruntime of a thread that isn't in the tree.
    #[inline]
    pub(crate) fn set_vruntime(&self, vruntime: u64) {
        self.vruntime.store(vruntime, Relaxed);
    }

    #[inline]
    pub(crate) fn min_vruntime(&self) -> u64 {
        self.min_vruntime.load(Relaxed)
    }

    #[inline]
    pub(crate) fn parent(&self) -> u32 {
        self.parent.load(Relaxed)
    }

    #[inline]
    pub(crate) fn child(&self, side: Side) -> u32 {
        self.children[side as usize].load(Relaxed)
    }

    #[inline]
    pub(crate) fn set_child(&self, side: Side, id: u32) {
        self.children[side as usize].store(id, Relaxed);
    }

    #[inline]
    pub(crate) fn height(&self) -> u32 {
        self.height.load(Relaxed)
    }

    #[inline]
    pub(crate) fn set_summary(&self, height: u32, min_vruntime: u64) {
        self.height.store(height, Relaxed);
        self.min_vruntime.store(min_vruntime, Relaxed);
    }
}
