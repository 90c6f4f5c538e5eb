//! The waiting fair threads: a search tree by deadline that knows the smallest
//! vruntime of each subtree.
//!
//! It is an AVL tree (G. M. Adelson-Velsky, E. M. Landis 1962): the heights of siblings
//! differ by at most one, so n threads are at most 1.44 log2(n) high. With the smallest
//! vruntime of each subtree, one way down finds the earliest deadline among those whose
//! vruntime isn't after the virtual time.

use core::sync::atomic::Ordering::Relaxed;

use crate::node::Nodes;
use crate::thread_id::NONE;
use crate::tree_link::{Side, TreeLink};
use crate::virtual_time::is_after;

/// The waiting fair threads. Each operation is O(log n).
#[derive(Debug)]
pub(crate) struct Tree {
    root: u32,
}

impl Tree {
    pub(crate) const fn new() -> Self {
        Self { root: NONE }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.root == NONE
    }

    /// Returns the thread with the earliest deadline among those whose vruntime isn't
    /// after `virtual_time`.
    pub(crate) fn earliest_eligible(
        &self,
        nodes: &(impl Nodes + ?Sized),
        virtual_time: u64,
    ) -> Option<u32> {
        if self.is_empty() || is_after(link(nodes, self.root).min_vruntime(), virtual_time) {
            return None;
        }
        // There is one in the subtree of `id`.
        let mut id = self.root;
        loop {
            let here = link(nodes, id);
            let left = here.child(Side::Left);
            if left != NONE && !is_after(link(nodes, left).min_vruntime(), virtual_time) {
                id = left;
            } else if !is_after(here.vruntime(), virtual_time) {
                return Some(id);
            } else {
                id = here.child(Side::Right);
            }
        }
    }

    /// Returns the thread with the latest deadline.
    pub(crate) fn last(&self, nodes: &(impl Nodes + ?Sized)) -> Option<u32> {
        (!self.is_empty()).then(|| outermost(nodes, self.root, Side::Right))
    }

    /// Returns the thread that comes before `id`.
    pub(crate) fn before(&self, nodes: &(impl Nodes + ?Sized), mut id: u32) -> Option<u32> {
        let left = link(nodes, id).child(Side::Left);
        if left != NONE {
            return Some(outermost(nodes, left, Side::Right));
        }
        loop {
            let parent = link(nodes, id).parent();
            if parent == NONE {
                return None;
            }
            if link(nodes, parent).child(Side::Right) == id {
                return Some(parent);
            }
            id = parent;
        }
    }

    /// Inserts a thread, behind those with the same deadline.
    pub(crate) fn insert(&mut self, nodes: &(impl Nodes + ?Sized), id: u32) {
        let new = link(nodes, id);
        let (mut parent, mut side, mut below) = (NONE, Side::Left, self.root);
        while below != NONE {
            let here = link(nodes, below);
            side = if is_after(here.deadline(), new.deadline()) { Side::Left } else { Side::Right };
            (parent, below) = (below, here.child(side));
        }
        new.set_child(Side::Left, NONE);
        new.set_child(Side::Right, NONE);
        new.set_summary(1, new.vruntime());
        new.parent.store(parent, Relaxed);
        if parent == NONE {
            self.root = id;
        } else {
            link(nodes, parent).set_child(side, id);
            self.mend_above(nodes, parent);
        }
    }

    /// Removes a thread, which is in the tree.
    pub(crate) fn remove(&mut self, nodes: &(impl Nodes + ?Sized), id: u32) {
        let old = link(nodes, id);
        let (parent, left, right) = (old.parent(), old.child(Side::Left), old.child(Side::Right));
        if left == NONE || right == NONE {
            self.replace(nodes, parent, id, if left == NONE { right } else { left });
            self.mend_above(nodes, parent);
            return;
        }
        // The next one takes its place.
        let next = outermost(nodes, right, Side::Left);
        let new = link(nodes, next);
        let mut lowest = next;
        if next != right {
            lowest = new.parent();
            self.replace(nodes, lowest, next, new.child(Side::Right));
            adopt(nodes, next, Side::Right, right);
        }
        adopt(nodes, next, Side::Left, left);
        self.replace(nodes, parent, id, next);
        new.set_summary(old.height(), old.min_vruntime());
        self.mend_above(nodes, lowest);
        if lowest != next {
            // What is below it may be as before, while it has another vruntime.
            self.mend_above(nodes, next);
        }
    }

    /// Puts `new`, which may be [`NONE`], where `old` is below `parent`.
    fn replace(&mut self, nodes: &(impl Nodes + ?Sized), parent: u32, old: u32, new: u32) {
        if parent == NONE {
            self.root = new;
        } else {
            let above = link(nodes, parent);
            let is_left = above.child(Side::Left) == old;
            above.set_child(if is_left { Side::Left } else { Side::Right }, new);
        }
        if new != NONE {
            link(nodes, new).parent.store(parent, Relaxed);
        }
    }

    /// Balances and summarises the subtrees from that of `id` upwards, until one is as
    /// high as before and has the same smallest vruntime.
    fn mend_above(&mut self, nodes: &(impl Nodes + ?Sized), mut id: u32) {
        while id != NONE {
            let here = link(nodes, id);
            let (height, min_vruntime) = (here.height(), here.min_vruntime());
            let parent = here.parent();
            let top = link(nodes, self.balance(nodes, id));
            if top.height() == height && top.min_vruntime() == min_vruntime {
                return;
            }
            id = parent;
        }
    }

    /// Summarises the subtree of `id` from those of its children, and rotates it if
    /// they differ by two in height. Returns who is on top of it then.
    fn balance(&mut self, nodes: &(impl Nodes + ?Sized), id: u32) -> u32 {
        let here = link(nodes, id);
        let [left_height, right_height] = summarise(nodes, here);
        let side = if left_height > right_height + 1 {
            Side::Left
        } else if right_height > left_height + 1 {
            Side::Right
        } else {
            return id;
        };
        let high = here.child(side);
        let grandchildren = link(nodes, high);
        let outer_height = height(nodes, grandchildren.child(side));
        if outer_height < height(nodes, grandchildren.child(side.other())) {
            self.raise(nodes, high, side.other());
        }
        self.raise(nodes, id, side)
    }

    /// Rotates the child on one side to where `id` is, and `id` below it. Returns the
    /// child.
    fn raise(&mut self, nodes: &(impl Nodes + ?Sized), id: u32, side: Side) -> u32 {
        let here = link(nodes, id);
        let top = here.child(side);
        let inner = link(nodes, top).child(side.other());
        self.replace(nodes, here.parent(), id, top);
        adopt(nodes, id, side, inner);
        adopt(nodes, top, side.other(), id);
        summarise(nodes, here);
        summarise(nodes, link(nodes, top));
        top
    }
}

#[inline]
fn link(nodes: &(impl Nodes + ?Sized), id: u32) -> &TreeLink {
    &nodes.node(id).tree
}

/// Returns the height of a subtree, which may be empty.
#[inline]
fn height(nodes: &(impl Nodes + ?Sized), id: u32) -> u32 {
    if id == NONE { 0 } else { link(nodes, id).height() }
}

/// Returns the outermost thread of a subtree on one side.
fn outermost(nodes: &(impl Nodes + ?Sized), mut id: u32, side: Side) -> u32 {
    loop {
        let child = link(nodes, id).child(side);
        if child == NONE {
            return id;
        }
        id = child;
    }
}

/// Puts `child`, which may be [`NONE`], below `id`.
#[inline]
fn adopt(nodes: &(impl Nodes + ?Sized), id: u32, side: Side, child: u32) {
    link(nodes, id).set_child(side, child);
    if child != NONE {
        link(nodes, child).parent.store(id, Relaxed);
    }
}

/// Computes height and smallest vruntime of a subtree from those of its children;
/// returns their heights.
#[inline]
fn summarise(nodes: &(impl Nodes + ?Sized), here: &TreeLink) -> [u32; 2] {
    let (mut heights, mut min_vruntime) = ([0; 2], here.vruntime());
    for side in [Side::Left, Side::Right] {
        let child = here.child(side);
        if child != NONE {
            let below = link(nodes, child);
            heights[side as usize] = below.height();
            if is_after(min_vruntime, below.min_vruntime()) {
                min_vruntime = below.min_vruntime();
            }
        }
    }
    here.set_summary(heights[0].max(heights[1]) + 1, min_vruntime);
    heights
}

#[cfg(test)]
impl Tree {
    /// Returns all threads in order. Panics unless the whole tree is as it has to be.
    pub(crate) fn assert_consistent(&self, nodes: &(impl Nodes + ?Sized)) -> std::vec::Vec<u32> {
        let mut found = std::vec::Vec::new();
        if self.root != NONE {
            assert_eq!(link(nodes, self.root).parent(), NONE);
            collect(nodes, self.root, &mut found);
        }
        for pair in found.windows(2) {
            let (one, two) = (link(nodes, pair[0]), link(nodes, pair[1]));
            assert!(!is_after(one.deadline(), two.deadline()), "not sorted");
            assert_eq!(self.before(nodes, pair[1]), Some(pair[0]));
        }
        assert_eq!(self.last(nodes), found.last().copied());
        found
    }
}

/// Checks a subtree, adds its threads in order; returns height and smallest vruntime.
#[cfg(test)]
fn collect(nodes: &(impl Nodes + ?Sized), id: u32, found: &mut std::vec::Vec<u32>) -> (u32, u64) {
    let here = link(nodes, id);
    let (mut heights, mut min_vruntime) = ([0; 2], here.vruntime());
    for side in [Side::Left, Side::Right] {
        let child = here.child(side);
        if child != NONE {
            assert_eq!(link(nodes, child).parent(), id);
            let (child_height, child_min) = collect(nodes, child, found);
            heights[side as usize] = child_height;
            if is_after(min_vruntime, child_min) {
                min_vruntime = child_min;
            }
        }
        if side == Side::Left {
            found.push(id);
        }
    }
    let height = heights[0].max(heights[1]) + 1;
    assert!(heights[0].abs_diff(heights[1]) <= 1, "not balanced");
    assert_eq!((here.height(), here.min_vruntime()), (height, min_vruntime));
    (height, min_vruntime)
}
