//! The waiting fair threads: a search tree by deadline that knows the smallest
//! vruntime of each subtree.
//!
//! It is an AVL tree (G. M. Adelson-Velsky, E. M. Landis 1962): the heights of siblings
//! differ by at most one, so n threads are at most 1.44 log2(n) high. With the smallest
//! vruntime of each subtree, one way down finds the earliest deadline among those whose
//! vruntime isn't after the virtual time.

use crate::links::{Side, TreeLink};
use crate::node::Nodes;
use crate::virtual_time::is_after;

/// The waiting fair threads. Each operation is O(log n).
#[derive(Debug)]
pub(crate) struct Tree<I> {
    root: Option<I>,
}

impl<I: Copy + Eq> Tree<I> {
    pub(crate) const fn new() -> Self {
        Self { root: None }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Returns the thread with the earliest deadline among those whose vruntime isn't
    /// after `virtual_time`.
    #[inline]
    pub(crate) fn earliest_eligible(
        &self,
        nodes: &(impl Nodes<Id = I> + ?Sized),
        virtual_time: u64,
    ) -> Option<I> {
        let mut id = self.root?;
        let mut here = link(nodes, id);
        if is_after(here.min_vruntime.get(), virtual_time) {
            return None;
        }
        // There is one in the subtree of `id`.
        loop {
            if let Some(left) = here.child(Side::Left) {
                let left_link = link(nodes, left);
                if !is_after(left_link.min_vruntime.get(), virtual_time) {
                    (id, here) = (left, left_link);
                    continue;
                }
            }
            if !is_after(here.vruntime.get(), virtual_time) {
                return Some(id);
            }
            id = here.child(Side::Right)?;
            here = link(nodes, id);
        }
    }

    /// Returns the thread with the latest deadline.
    pub(crate) fn last(&self, nodes: &(impl Nodes<Id = I> + ?Sized)) -> Option<I> {
        self.root.map(|root| outermost(nodes, root, Side::Right))
    }

    /// Returns the thread that comes before `id`.
    pub(crate) fn before(&self, nodes: &(impl Nodes<Id = I> + ?Sized), mut id: I) -> Option<I> {
        if let Some(left) = link(nodes, id).child(Side::Left) {
            return Some(outermost(nodes, left, Side::Right));
        }
        loop {
            let parent = link(nodes, id).parent.get()?;
            if link(nodes, parent).child(Side::Right) == Some(id) {
                return Some(parent);
            }
            id = parent;
        }
    }

    /// Inserts a thread, after those with the same deadline.
    #[inline]
    pub(crate) fn insert(&mut self, nodes: &(impl Nodes<Id = I> + ?Sized), id: I) {
        let new = link(nodes, id);
        new.set_child(Side::Left, None);
        new.set_child(Side::Right, None);
        new.height.set(1);
        new.min_vruntime.set(new.vruntime.get());
        match self.root {
            Some(root) => self.insert_below(nodes, id, root),
            None => {
                new.parent.set(None);
                self.root = Some(id);
            }
        }
    }

    fn insert_below(&mut self, nodes: &(impl Nodes<Id = I> + ?Sized), id: I, root: I) {
        let new = link(nodes, id);
        let mut parent = root;
        loop {
            let here = link(nodes, parent);
            let is_before = is_after(here.deadline.get(), new.deadline.get());
            let side = if is_before { Side::Left } else { Side::Right };
            match here.child(side) {
                Some(below) => parent = below,
                None => {
                    here.set_child(side, Some(id));
                    break;
                }
            }
        }
        new.parent.set(Some(parent));
        self.mend_above(nodes, Some(parent));
    }

    /// Removes a thread, which is in the tree.
    #[inline]
    pub(crate) fn remove(&mut self, nodes: &(impl Nodes<Id = I> + ?Sized), id: I) {
        let old = link(nodes, id);
        if old.height.get() == 1 && self.root == Some(id) {
            self.root = None;
        } else {
            self.remove_among(nodes, id);
        }
    }

    /// Removes a thread from among others.
    fn remove_among(&mut self, nodes: &(impl Nodes<Id = I> + ?Sized), id: I) {
        let old = link(nodes, id);
        let parent = old.parent.get();
        let (left, right) = match (old.child(Side::Left), old.child(Side::Right)) {
            (Some(left), Some(right)) => (left, right),
            (one, other) => {
                self.replace(nodes, parent, id, one.or(other));
                return self.mend_above(nodes, parent);
            }
        };
        // The next one takes its place.
        let next = outermost(nodes, right, Side::Left);
        let new = link(nodes, next);
        let mut lowest = next;
        if next != right
            && let Some(above) = new.parent.get()
        {
            lowest = above;
            self.replace(nodes, Some(above), next, new.child(Side::Right));
            adopt(nodes, next, Side::Right, Some(right));
        }
        adopt(nodes, next, Side::Left, Some(left));
        self.replace(nodes, parent, id, Some(next));
        new.height.set(old.height.get());
        new.min_vruntime.set(old.min_vruntime.get());
        self.mend_above(nodes, Some(lowest));
        if lowest != next {
            // What is below it may be as before, while it has another vruntime.
            self.mend_above(nodes, Some(next));
        }
    }

    /// Puts `new` where `old` is below `parent`.
    fn replace(
        &mut self,
        nodes: &(impl Nodes<Id = I> + ?Sized),
        parent: Option<I>,
        old: I,
        new: Option<I>,
    ) {
        match parent {
            None => self.root = new,
            Some(parent) => {
                let above = link(nodes, parent);
                let is_left = above.child(Side::Left) == Some(old);
                above.set_child(if is_left { Side::Left } else { Side::Right }, new);
            }
        }
        if let Some(new) = new {
            link(nodes, new).parent.set(parent);
        }
    }

    /// Balances and summarises the subtrees from that of `lowest` upwards, until one is as
    /// high as before and has the same smallest vruntime.
    fn mend_above(&mut self, nodes: &(impl Nodes<Id = I> + ?Sized), lowest: Option<I>) {
        let mut next = lowest;
        while let Some(id) = next {
            let here = link(nodes, id);
            let (height, min_vruntime) = (here.height.get(), here.min_vruntime.get());
            next = here.parent.get();
            let top = link(nodes, self.balance(nodes, id));
            if top.height.get() == height && top.min_vruntime.get() == min_vruntime {
                return;
            }
        }
    }

    /// Summarises the subtree of `id` from those of its children, and rotates it if
    /// they differ by two in height. Returns the thread that is on top of it then.
    fn balance(&mut self, nodes: &(impl Nodes<Id = I> + ?Sized), id: I) -> I {
        let here = link(nodes, id);
        let [left_height, right_height] = summarise(nodes, here);
        let side = if left_height > right_height + 1 {
            Side::Left
        } else if right_height > left_height + 1 {
            Side::Right
        } else {
            return id;
        };
        let Some(high) = here.child(side) else {
            return id;
        };
        let below = link(nodes, high);
        let inner = below.child(side.other());
        if height(nodes, below.child(side)) < height(nodes, inner)
            && let Some(inner) = inner
        {
            self.raise(nodes, high, side.other(), inner);
            return self.raise(nodes, id, side, inner);
        }
        self.raise(nodes, id, side, high)
    }

    /// Rotates `top`, the child of `id` on one side, to where `id` is, and `id` below it.
    /// Returns `top`.
    fn raise(&mut self, nodes: &(impl Nodes<Id = I> + ?Sized), id: I, side: Side, top: I) -> I {
        let here = link(nodes, id);
        let inner = link(nodes, top).child(side.other());
        self.replace(nodes, here.parent.get(), id, Some(top));
        adopt(nodes, id, side, inner);
        adopt(nodes, top, side.other(), Some(id));
        summarise(nodes, here);
        summarise(nodes, link(nodes, top));
        top
    }
}

#[inline]
fn link<I>(nodes: &(impl Nodes<Id = I> + ?Sized), id: I) -> &TreeLink<I> {
    &nodes.node(id).tree
}

/// Returns the height of a subtree.
#[inline]
fn height<I: Copy>(nodes: &(impl Nodes<Id = I> + ?Sized), id: Option<I>) -> u32 {
    id.map_or(0, |id| link(nodes, id).height.get())
}

/// Returns the outermost thread of a subtree on one side.
fn outermost<I: Copy>(nodes: &(impl Nodes<Id = I> + ?Sized), mut id: I, side: Side) -> I {
    while let Some(child) = link(nodes, id).child(side) {
        id = child;
    }
    id
}

/// Puts `child` below `id`.
#[inline]
fn adopt<I: Copy>(nodes: &(impl Nodes<Id = I> + ?Sized), id: I, side: Side, child: Option<I>) {
    link(nodes, id).set_child(side, child);
    if let Some(child) = child {
        link(nodes, child).parent.set(Some(id));
    }
}

/// Computes height and smallest vruntime of a subtree from those of its children;
/// returns their heights.
#[inline]
fn summarise<I: Copy>(nodes: &(impl Nodes<Id = I> + ?Sized), here: &TreeLink<I>) -> [u32; 2] {
    let (mut heights, mut min_vruntime) = ([0; 2], here.vruntime.get());
    for side in [Side::Left, Side::Right] {
        if let Some(child) = here.child(side) {
            let below = link(nodes, child);
            heights[side as usize] = below.height.get();
            if is_after(min_vruntime, below.min_vruntime.get()) {
                min_vruntime = below.min_vruntime.get();
            }
        }
    }
    here.height.set(heights[0].max(heights[1]) + 1);
    here.min_vruntime.set(min_vruntime);
    heights
}

#[cfg(test)]
impl<I: Copy + Eq + core::fmt::Debug> Tree<I> {
    /// Returns all threads in order. Panics unless the whole tree is as it has to be.
    pub(crate) fn assert_consistent(
        &self,
        nodes: &(impl Nodes<Id = I> + ?Sized),
    ) -> std::vec::Vec<I> {
        let mut found = std::vec::Vec::new();
        if let Some(root) = self.root {
            assert_eq!(link(nodes, root).parent.get(), None);
            collect(nodes, root, &mut found);
        }
        for pair in found.windows(2) {
            let (one, two) = (link(nodes, pair[0]), link(nodes, pair[1]));
            assert!(!is_after(one.deadline.get(), two.deadline.get()), "not sorted");
            assert_eq!(self.before(nodes, pair[1]), Some(pair[0]));
        }
        assert_eq!(self.last(nodes), found.last().copied());
        found
    }
}

/// Checks a subtree, adds its threads in order; returns height and smallest vruntime.
#[cfg(test)]
fn collect<I: Copy + Eq + core::fmt::Debug>(
    nodes: &(impl Nodes<Id = I> + ?Sized),
    id: I,
    found: &mut std::vec::Vec<I>,
) -> (u32, u64) {
    let here = link(nodes, id);
    let (mut heights, mut min_vruntime) = ([0; 2], here.vruntime.get());
    for side in [Side::Left, Side::Right] {
        if let Some(child) = here.child(side) {
            assert_eq!(link(nodes, child).parent.get(), Some(id));
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
    assert_eq!((here.height.get(), here.min_vruntime.get()), (height, min_vruntime));
    (height, min_vruntime)
}
