//! A thread's places in the structures that it may wait in.

use core::cell::Cell;

/// A thread's place in a list of real-time threads.
pub(crate) struct ListLink<I> {
    pub(crate) previous: Cell<Option<I>>,
    pub(crate) next: Cell<Option<I>>,
}

impl<I: Copy> ListLink<I> {
    pub(crate) const fn new() -> Self {
        Self { previous: Cell::new(None), next: Cell::new(None) }
    }
}

/// A thread's place in the tree of fair threads, and what it is sorted and found by. Outside of
/// the tree it has neither parent nor children, and the height 1.
pub(crate) struct TreeLink<I> {
    /// Changed only while the thread isn't in the tree, as is the next.
    pub(crate) deadline: Cell<u64>,
    pub(crate) vruntime: Cell<u64>,
    /// The smallest of the subtree.
    pub(crate) min_vruntime: Cell<u64>,
    pub(crate) parent: Cell<Option<I>>,
    children: [Cell<Option<I>>; 2],
    /// Of the subtree.
    pub(crate) height: Cell<u32>,
}

/// A side of a thread in the tree.
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

impl<I: Copy> TreeLink<I> {
    pub(crate) const fn new() -> Self {
        Self {
            deadline: Cell::new(0),
            vruntime: Cell::new(0),
            min_vruntime: Cell::new(0),
            parent: Cell::new(None),
            children: [const { Cell::new(None) }; 2],
            height: Cell::new(1),
        }
    }

    /// Makes the link as it is outside of the tree: without parent and children.
    #[inline]
    pub(crate) fn reset(&self) {
        self.parent.set(None);
        self.children.iter().for_each(|child| child.set(None));
        self.height.set(1);
    }

    /// Returns whether it is as [`reset`](Self::reset) makes it.
    #[inline]
    pub(crate) fn is_reset(&self) -> bool {
        self.parent.get().is_none()
            && self.children.iter().all(|child| child.get().is_none())
            && self.height.get() == 1
    }

    #[inline]
    pub(crate) fn child(&self, side: Side) -> Option<I> {
        self.children[side as usize].get()
    }

    #[inline]
    pub(crate) fn set_child(&self, side: Side, id: Option<I>) {
        self.children[side as usize].set(id);
    }
}
