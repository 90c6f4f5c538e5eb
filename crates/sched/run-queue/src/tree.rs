//! The waiting fair threads: a search tree by deadline that knows the smallest
//! vruntime of each subtree.
//!
//! It is an AVL tree (G. M. Adelson-Velsky, E. M. Landis 1962): the heights of siblings
//! differ by at most one, so n threads are at most 1.44 log2(n) high. With the smallest
//! vruntime of each subtree, one way down finds the earliest deadline among those whose
//! vruntime isn't after the virtual time.

use crate::entity::Entities;
use crate::links::{Side, TreeLink};
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
        entities: &(impl Entities<Id = I> + ?Sized),
        virtual_time: u64,
    ) -> Option<I> {
        let mut id = self.root?;
        let mut here = link(entities, id);
        if is_after(here.min_vruntime.get(), virtual_time) {
            return None;
        }
        // There is one in the subtree of `id`.
        loop {
            if let Some(left) = here.child(Side::Left) {
                let left_link = link(entities, left);
                if !is_after(left_link.min_vruntime.get(), virtual_time) {
                    (id, here) = (left, left_link);
                    continue;
                }
            }
            if !is_after(here.vruntime.get(), virtual_time) {
                return Some(id);
            }
            id = here.child(Side::Right)?;
            here = link(entities, id);
        }
    }

    /// Returns the thread with the latest deadline.
    pub(crate) fn last(&self, entities: &(impl Entities<Id = I> + ?Sized)) -> Option<I> {
        self.root.map(|root| outermost(entities, root, Side::Right))
    }

    /// Returns the thread that comes before `id`.
    pub(crate) fn before(
        &self,
        entities: &(impl Entities<Id = I> + ?Sized),
        mut id: I,
    ) -> Option<I> {
        if let Some(left) = link(entities, id).child(Side::Left) {
            return Some(outermost(entities, left, Side::Right));
        }
        loop {
            let parent = link(entities, id).parent.get()?;
            if link(entities, parent).child(Side::Right) == Some(id) {
                return Some(parent);
            }
            id = parent;
        }
    }

    /// Inserts a thread, of which `new` is the link, after those with the same deadline.
    #[inline(always)]
    pub(crate) fn insert(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        new: &TreeLink<I>,
    ) {
        debug_assert!(new.is_reset(), "the thread is in a tree");
        new.min_vruntime.set(new.vruntime.get());
        match self.root {
            Some(root) => self.insert_below(entities, id, root),
            None => self.root = Some(id),
        }
    }

    #[inline(never)]
    fn insert_below(&mut self, entities: &(impl Entities<Id = I> + ?Sized), id: I, root: I) {
        let new = link(entities, id);
        let mut parent = root;
        loop {
            let here = link(entities, parent);
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
        self.mend_above(entities, Some(parent));
    }

    /// Removes a thread, which is in the tree, and of which `old` is the link.
    #[inline(always)]
    pub(crate) fn remove(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        old: &TreeLink<I>,
    ) {
        if old.height.get() == 1 && self.root == Some(id) {
            self.root = None;
        } else {
            self.remove_among(entities, id);
            old.reset();
        }
    }

    /// Removes a thread from among others.
    #[inline(never)]
    fn remove_among(&mut self, entities: &(impl Entities<Id = I> + ?Sized), id: I) {
        let old = link(entities, id);
        let parent = old.parent.get();
        let (left, right) = match (old.child(Side::Left), old.child(Side::Right)) {
            (Some(left), Some(right)) => (left, right),
            (one, other) => {
                self.replace(entities, parent, id, one.or(other));
                return self.mend_above(entities, parent);
            }
        };
        // The next one takes its place.
        let next = outermost(entities, right, Side::Left);
        let new = link(entities, next);
        let mut lowest = next;
        if next != right
            && let Some(above) = new.parent.get()
        {
            lowest = above;
            self.replace(entities, Some(above), next, new.child(Side::Right));
            adopt(entities, next, Side::Right, Some(right));
        }
        adopt(entities, next, Side::Left, Some(left));
        self.replace(entities, parent, id, Some(next));
        new.height.set(old.height.get());
        new.min_vruntime.set(old.min_vruntime.get());
        self.mend_above(entities, Some(lowest));
        if lowest != next {
            // What is below it may be as before, while it has another vruntime.
            self.mend_above(entities, Some(next));
        }
    }

    /// Puts `new` where `old` is below `parent`.
    fn replace(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        parent: Option<I>,
        old: I,
        new: Option<I>,
    ) {
        match parent {
            None => self.root = new,
            Some(parent) => {
                let above = link(entities, parent);
                let is_left = above.child(Side::Left) == Some(old);
                above.set_child(if is_left { Side::Left } else { Side::Right }, new);
            }
        }
        if let Some(new) = new {
            link(entities, new).parent.set(parent);
        }
    }

    /// Balances and summarises the subtrees from that of `lowest` upwards, until one is as
    /// high as before and has the same smallest vruntime.
    fn mend_above(&mut self, entities: &(impl Entities<Id = I> + ?Sized), lowest: Option<I>) {
        let mut next = lowest;
        while let Some(id) = next {
            let here = link(entities, id);
            let (height, min_vruntime) = (here.height.get(), here.min_vruntime.get());
            next = here.parent.get();
            let top = link(entities, self.balance(entities, id));
            if top.height.get() == height && top.min_vruntime.get() == min_vruntime {
                return;
            }
        }
    }

    /// Summarises the subtree of `id` from those of its children, and rotates it if
    /// they differ by two in height. Returns the thread that is on top of it then.
    fn balance(&mut self, entities: &(impl Entities<Id = I> + ?Sized), id: I) -> I {
        let here = link(entities, id);
        let [left_height, right_height] = summarise(entities, here);
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
        let below = link(entities, high);
        let inner = below.child(side.other());
        if height(entities, below.child(side)) < height(entities, inner)
            && let Some(inner) = inner
        {
            self.raise(entities, high, side.other(), inner);
            return self.raise(entities, id, side, inner);
        }
        self.raise(entities, id, side, high)
    }

    /// Rotates `top`, the child of `id` on one side, to where `id` is, and `id` below it.
    /// Returns `top`.
    fn raise(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        side: Side,
        top: I,
    ) -> I {
        let here = link(entities, id);
        let inner = link(entities, top).child(side.other());
        self.replace(entities, here.parent.get(), id, Some(top));
        adopt(entities, id, side, inner);
        adopt(entities, top, side.other(), Some(id));
        summarise(entities, here);
        summarise(entities, link(entities, top));
        top
    }
}

#[inline]
fn link<I>(entities: &(impl Entities<Id = I> + ?Sized), id: I) -> &TreeLink<I> {
    &entities.entity(id).tree
}

/// Returns the height of a subtree.
#[inline]
fn height<I: Copy>(entities: &(impl Entities<Id = I> + ?Sized), id: Option<I>) -> u32 {
    id.map_or(0, |id| link(entities, id).height.get())
}

/// Returns the outermost thread of a subtree on one side.
fn outermost<I: Copy>(entities: &(impl Entities<Id = I> + ?Sized), mut id: I, side: Side) -> I {
    while let Some(child) = link(entities, id).child(side) {
        id = child;
    }
    id
}

/// Puts `child` below `id`.
#[inline]
fn adopt<I: Copy>(
    entities: &(impl Entities<Id = I> + ?Sized),
    id: I,
    side: Side,
    child: Option<I>,
) {
    link(entities, id).set_child(side, child);
    if let Some(child) = child {
        link(entities, child).parent.set(Some(id));
    }
}

/// Computes height and smallest vruntime of a subtree from those of its children;
/// returns their heights.
#[inline]
fn summarise<I: Copy>(entities: &(impl Entities<Id = I> + ?Sized), here: &TreeLink<I>) -> [u32; 2] {
    let (mut heights, mut min_vruntime) = ([0; 2], here.vruntime.get());
    for side in [Side::Left, Side::Right] {
        if let Some(child) = here.child(side) {
            let below = link(entities, child);
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
        entities: &(impl Entities<Id = I> + ?Sized),
    ) -> std::vec::Vec<I> {
        let mut found = std::vec::Vec::new();
        if let Some(root) = self.root {
            assert_eq!(link(entities, root).parent.get(), None);
            collect(entities, root, &mut found);
        }
        for pair in found.windows(2) {
            let (one, two) = (link(entities, pair[0]), link(entities, pair[1]));
            assert!(!is_after(one.deadline.get(), two.deadline.get()), "not sorted");
            assert_eq!(self.before(entities, pair[1]), Some(pair[0]));
        }
        assert_eq!(self.last(entities), found.last().copied());
        found
    }
}

/// Checks a subtree, adds its threads in order; returns height and smallest vruntime.
#[cfg(test)]
fn collect<I: Copy + Eq + core::fmt::Debug>(
    entities: &(impl Entities<Id = I> + ?Sized),
    id: I,
    found: &mut std::vec::Vec<I>,
) -> (u32, u64) {
    let here = link(entities, id);
    let (mut heights, mut min_vruntime) = ([0; 2], here.vruntime.get());
    for side in [Side::Left, Side::Right] {
        if let Some(child) = here.child(side) {
            assert_eq!(link(entities, child).parent.get(), Some(id));
            let (child_height, child_min) = collect(entities, child, found);
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
