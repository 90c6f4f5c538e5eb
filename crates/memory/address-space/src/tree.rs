//! A balanced tree of regions that finds gaps as fast as regions.
//!
//! It is an AVL tree, sorted by address (G. M. Adelson-Velsky and E. M. Landis, 1962). Each
//! node records the largest gap between two neighbours of its subtree, so a search for a gap
//! visits O(log n) nodes. Linux had such a tree until 6.1. A `BTreeMap` can't record that. A
//! second map, of gaps by size, would have to visit all gaps that are large enough to find the
//! highest one.
//!
//! The nodes are in one vector, linked by index. An operation reserves its nodes before it
//! changes anything, so that a lack of memory is an error and not a panic. The vector doesn't
//! shrink.

use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::{PageRange, Region, RegionError};

/// More than the height that an AVL tree of 2³² nodes can have.
pub(crate) const HEIGHT_MAX: usize = 48;

/// The place of a node: its index in the vector, plus 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link(NonZeroU32);

impl Link {
    fn new(index: usize) -> Self {
        let plus_one = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
        Self(plus_one.expect("try_reserve allows no more nodes than that"))
    }

    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A side of a node, and the index of the child there.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    /// The lower addresses.
    Left,
    /// The higher addresses.
    Right,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// The addresses and the largest gap of the regions of a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The start of the lowest region.
    pub(crate) start: u64,
    /// The start of the lowest region, or of the guard gap below it.
    pub(crate) guarded_start: u64,
    /// The end of the highest region.
    pub(crate) end: u64,
    /// The largest gap between two regions, in bytes, without guard gaps.
    pub(crate) largest_gap: u64,
}

impl Span {
    /// Returns the span of one region.
    pub(crate) fn of<B>(region: &Region<B>) -> Self {
        let PageRange { start, end } = region.range;
        Self { start, guarded_start: region.guarded_start(), end, largest_gap: 0 }
    }

    /// Returns the span of these regions together with those of `above`, which are directly
    /// above them.
    pub(crate) fn then(self, above: Self) -> Self {
        let between = above.guarded_start.saturating_sub(self.end);
        let largest_gap = between.max(self.largest_gap).max(above.largest_gap);
        Self { end: above.end, largest_gap, ..self }
    }
}

#[derive(Clone)]
pub(crate) struct Node<B> {
    pub(crate) region: Region<B>,
    children: [Option<Link>; 2],
    height: u8,
    pub(crate) span: Span,
}

impl<B> Node<B> {
    pub(crate) fn child(&self, side: Side) -> Option<Link> {
        self.children[side as usize]
    }
}

#[derive(Clone)]
enum Slot<B> {
    Used(Node<B>),
    /// An unused slot, with the link of the next one.
    Free(Option<Link>),
}

/// Regions that don't overlap, sorted by address.
pub(crate) struct RegionTree<B> {
    slots: Vec<Slot<B>>,
    free: Option<Link>,
    root: Option<Link>,
    len: usize,
    /// The number of visits to nodes.
    #[cfg(test)]
    pub(crate) visits: core::cell::Cell<u64>,
    /// The number of inserts for which memory is still reserved.
    #[cfg(test)]
    reserved: usize,
}

impl<B> RegionTree<B> {
    pub(crate) const fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: None,
            root: None,
            len: 0,
            #[cfg(test)]
            visits: core::cell::Cell::new(0),
            #[cfg(test)]
            reserved: 0,
        }
    }

    /// Returns the number of regions.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn root(&self) -> Option<Link> {
        self.root
    }

    /// Returns a copy.
    ///
    /// # Errors
    /// [`RegionError::NoMemory`].
    pub(crate) fn try_clone(&self) -> Result<Self, RegionError>
    where
        B: Clone,
    {
        let mut slots = Vec::new();
        slots.try_reserve_exact(self.slots.len()).map_err(|_| RegionError::NoMemory)?;
        slots.extend(self.slots.iter().cloned());
        let mut copy = Self::new();
        (copy.free, copy.root, copy.len) = (self.free, self.root, self.len);
        copy.slots = slots;
        Ok(copy)
    }

    /// Reserves memory for `nodes` inserts.
    ///
    /// # Errors
    /// [`RegionError::NoMemory`].
    pub(crate) fn try_reserve(&mut self, nodes: usize) -> Result<(), RegionError> {
        let more = nodes.saturating_sub(self.slots.len() - self.len);
        if self.slots.len().saturating_add(more) >= u32::MAX as usize {
            return Err(RegionError::NoMemory);
        }
        self.slots.try_reserve(more).map_err(|_| RegionError::NoMemory)?;
        #[cfg(test)]
        {
            self.reserved = nodes;
        }
        Ok(())
    }

    pub(crate) fn node(&self, link: Link) -> &Node<B> {
        #[cfg(test)]
        self.visits.set(self.visits.get() + 1);
        match &self.slots[link.index()] {
            Slot::Used(node) => node,
            Slot::Free(_) => unreachable!("links lead to nodes that are in the tree"),
        }
    }

    fn node_mut(&mut self, link: Link) -> &mut Node<B> {
        #[cfg(test)]
        self.visits.set(self.visits.get() + 1);
        match &mut self.slots[link.index()] {
            Slot::Used(node) => node,
            Slot::Free(_) => unreachable!("links lead to nodes that are in the tree"),
        }
    }

    /// Inserts a region that overlaps no other. Its memory was reserved.
    pub(crate) fn insert(&mut self, region: Region<B>) {
        #[cfg(test)]
        {
            self.reserved = self.reserved.checked_sub(1).expect("memory was reserved");
        }
        let span = Span::of(&region);
        let slot = Slot::Used(Node { region, children: [None; 2], height: 1, span });
        let link = match self.free {
            Some(link) => {
                let Slot::Free(next) = core::mem::replace(&mut self.slots[link.index()], slot)
                else {
                    unreachable!("the list of free slots has only free ones")
                };
                self.free = next;
                link
            }
            None => {
                self.slots.push(slot);
                Link::new(self.slots.len() - 1)
            }
        };
        self.root = Some(self.insert_below(self.root, link));
        self.len += 1;
    }

    /// Inserts the node `new` into a subtree, and returns the subtree's new root.
    fn insert_below(&mut self, at: Option<Link>, new: Link) -> Link {
        match at {
            Some(link) => self.insert_under(link, new, self.node(new).region.range.start).0,
            None => new,
        }
    }

    /// Inserts the node `new`, of the region that begins at `start`, below `link`. Returns the new
    /// root of the subtree, and whether its height or span has changed.
    fn insert_under(&mut self, link: Link, new: Link, start: u64) -> (Link, bool) {
        let node = self.node(link);
        let side = if start < node.region.range.start { Side::Left } else { Side::Right };
        let before = node.child(side);
        let (child, has_changed) = match before {
            Some(child) => self.insert_under(child, new, start),
            None => (new, true),
        };
        if before != Some(child) {
            self.set_child(link, side, Some(child));
        } else if !has_changed {
            return (link, false);
        }
        self.balance(link)
    }

    /// Removes the region that begins at `start`, and returns it.
    pub(crate) fn remove(&mut self, start: u64) -> Option<Region<B>> {
        let (root, removed, _) = self.remove_below(self.root, start);
        self.root = root;
        let link = removed?;
        let slot = core::mem::replace(&mut self.slots[link.index()], Slot::Free(self.free));
        self.free = removed;
        self.len -= 1;
        match slot {
            Slot::Used(node) => Some(node.region),
            Slot::Free(_) => unreachable!("it was in the tree"),
        }
    }

    /// Removes the node of the region that begins at `start` from a subtree. Returns the
    /// subtree's new root, the node, and whether the height or span of the subtree has changed.
    fn remove_below(&mut self, at: Option<Link>, start: u64) -> (Option<Link>, Option<Link>, bool) {
        let Some(link) = at else { return (None, None, false) };
        let node = self.node(link);
        let here = node.region.range.start;
        if start == here {
            let rest = match node.children {
                [Some(left), Some(right)] => {
                    let (next, rest) = self.detach_first(right);
                    self.set_child(next, Side::Left, Some(left));
                    self.set_child(next, Side::Right, rest);
                    Some(self.balance(next).0)
                }
                [left, right] => left.or(right),
            };
            return (rest, at, true);
        }
        let side = if start < here { Side::Left } else { Side::Right };
        let before = node.child(side);
        let (child, removed, has_changed) = self.remove_below(before, start);
        if before != child {
            self.set_child(link, side, child);
        } else if !has_changed {
            return (at, removed, false);
        }
        let (root, has_changed) = self.balance(link);
        (Some(root), removed, has_changed)
    }

    /// Removes the lowest node from a subtree. Returns the node, and the subtree's new
    /// root.
    fn detach_first(&mut self, link: Link) -> (Link, Option<Link>) {
        let Some(left) = self.node(link).child(Side::Left) else {
            return (link, self.node(link).child(Side::Right));
        };
        let (first, rest) = self.detach_first(left);
        self.set_child(link, Side::Left, rest);
        (first, Some(self.balance(link).0))
    }

    /// Changes the region that begins at `start`. `change` may move its start and end, but not
    /// into another region.
    pub(crate) fn update(&mut self, start: u64, change: impl FnOnce(&mut Region<B>)) {
        self.update_below(self.root, start, change);
    }

    /// Returns whether the span of the subtree has changed.
    fn update_below(
        &mut self,
        at: Option<Link>,
        start: u64,
        change: impl FnOnce(&mut Region<B>),
    ) -> bool {
        let link = at.expect("a region begins there");
        let node = self.node_mut(link);
        let here = node.region.range.start;
        if start == here {
            change(&mut node.region);
        } else {
            let side = if start < here { Side::Left } else { Side::Right };
            let child = node.child(side);
            if !self.update_below(child, start, change) {
                return false;
            }
        }
        self.refresh(link)
    }

    fn set_child(&mut self, link: Link, side: Side, child: Option<Link>) {
        self.node_mut(link).children[side as usize] = child;
    }

    /// Returns the heights of the subtrees of a node, and its height and span, computed from them.
    fn computed(&self, link: Link) -> ([u8; 2], u8, Span) {
        let node = self.node(link);
        let mut span = Span::of(&node.region);
        let mut heights = [0; 2];
        if let Some(left) = node.child(Side::Left) {
            let left = self.node(left);
            heights[0] = left.height;
            span = left.span.then(span);
        }
        if let Some(right) = node.child(Side::Right) {
            let right = self.node(right);
            heights[1] = right.height;
            span = span.then(right.span);
        }
        (heights, 1 + heights[0].max(heights[1]), span)
    }

    /// Balances a node whose subtrees are balanced and differ in height by at most 2.
    /// Returns the new root of this subtree, and whether its height or span has changed.
    fn balance(&mut self, link: Link) -> (Link, bool) {
        let ([left, right], height, span) = self.computed(link);
        let side = match () {
            () if left > right + 1 => Side::Left,
            () if right > left + 1 => Side::Right,
            () => return (link, self.set(link, height, span)),
        };
        let child = self.node(link).child(side).expect("its height isn't 0");
        let ([left, right], ..) = self.computed(child);
        let (outer, inner) = match side {
            Side::Left => (left, right),
            Side::Right => (right, left),
        };
        if inner > outer {
            let lifted = self.lift(child, side.other());
            self.set_child(link, side, Some(lifted));
        }
        (self.lift(link, side), true)
    }

    /// Sets the height and the span of a node; returns whether one of them has changed.
    fn set(&mut self, link: Link, height: u8, span: Span) -> bool {
        let node = self.node_mut(link);
        let has_changed = node.height != height || node.span != span;
        (node.height, node.span) = (height, span);
        has_changed
    }

    /// Puts the child on `side` in the place of its parent `link`, which becomes its child.
    fn lift(&mut self, link: Link, side: Side) -> Link {
        let child = self.node(link).child(side).expect("the higher subtree has a root");
        let inner = self.node(child).child(side.other());
        self.set_child(link, side, inner);
        self.set_child(child, side.other(), Some(link));
        self.refresh(link);
        self.refresh(child);
        child
    }

    /// Computes the height and the span of a node from those of its children; returns whether one
    /// of them has changed.
    fn refresh(&mut self, link: Link) -> bool {
        let (_, height, span) = self.computed(link);
        self.set(link, height, span)
    }

    /// Returns the length of the list of free slots, and the number of slots without a region.
    #[cfg(test)]
    pub(crate) fn free_slots(&self) -> (usize, usize) {
        let mut count = 0;
        let mut at = self.free;
        while let Some(link) = at {
            count += 1;
            let Slot::Free(next) = &self.slots[link.index()] else {
                unreachable!("the list of free slots has only free ones")
            };
            at = *next;
        }
        (count, self.slots.len() - self.len)
    }
}
