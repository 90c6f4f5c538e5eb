//! The queue and its operations: a leftist tree.

use core::mem::swap;

use crate::link::{Link, Links, NONE};

/// A priority queue of ids, the smallest key first.
///
/// All operations are given the same [`Links`]. An id can be in one queue at a time; a
/// link that is in another queue looks like one that is in this.
#[derive(Debug)]
pub struct DeadlineQueue {
    root: u32,
    len: u32,
    /// How many elements were ever inserted: the order of equal keys. At one a
    /// nanosecond it would last 584 years.
    insertions: u64,
}

impl DeadlineQueue {
    /// Returns one without elements.
    pub const fn new() -> Self {
        Self { root: NONE, len: 0, insertions: 0 }
    }

    /// Returns how many elements there are.
    #[inline]
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Returns whether there are no elements.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the element with the smallest key.
    #[inline]
    pub fn first(&self) -> Option<u32> {
        (self.root != NONE).then_some(self.root)
    }

    /// Returns the smallest key.
    #[inline]
    pub fn first_key(&self, links: &(impl Links + ?Sized)) -> Option<u64> {
        self.first().map(|id| links.link(id).key())
    }

    /// Removes the element with the smallest key and returns it.
    pub fn pop(&mut self, links: &(impl Links + ?Sized)) -> Option<u32> {
        let id = self.first()?;
        self.remove(links, id);
        Some(id)
    }

    /// Inserts `id` with `key`, after those of the same key.
    ///
    /// # Panics
    /// If the element is linked already, or if `id` is [`NONE`].
    pub fn insert(&mut self, links: &(impl Links + ?Sized), id: u32, key: u64) {
        assert_ne!(id, NONE, "no element has this id");
        let link = links.link(id);
        assert!(!link.is_linked(), "the element is in a queue already");
        link.set_place(key, self.insertions);
        self.insertions += 1;
        self.len += 1;

        // The merge with a single element: it takes a place on the way to the right,
        // and what was there becomes its left subtree.
        let (mut parent, mut below) = (NONE, self.root);
        while below != NONE && links.link(below).key() <= key {
            parent = below;
            below = links.link(below).right();
        }
        link.set_parent(parent);
        link.set_left(below);
        link.set_right(NONE);
        link.set_rank(1);
        if below != NONE {
            links.link(below).set_parent(id);
        }
        if parent == NONE {
            self.root = id;
        } else {
            links.link(parent).set_right(id);
            mend_above(links, parent);
        }
    }

    /// Removes `id`, wherever it is in the queue.
    ///
    /// # Panics
    /// If the element isn't linked, or if this queue is empty.
    pub fn remove(&mut self, links: &(impl Links + ?Sized), id: u32) {
        assert!(!self.is_empty(), "an empty queue has no element to remove");
        let link = links.link(id);
        assert!(link.is_linked(), "the element isn't in a queue");
        let merged = merge(links, link.left(), link.right());
        let parent = link.parent();
        if merged != NONE {
            links.link(merged).set_parent(parent);
        }
        link.set_rank(0);
        self.len -= 1;
        if parent == NONE {
            self.root = merged;
            return;
        }
        let above = links.link(parent);
        if above.left() == id {
            above.set_left(merged);
        } else {
            above.set_right(merged);
        }
        mend_above(links, parent);
    }
}

impl Default for DeadlineQueue {
    fn default() -> Self {
        Self::new()
    }
}

/// Merges two trees, which may be empty; returns the root. Its parent isn't set.
fn merge(links: &(impl Links + ?Sized), one: u32, two: u32) -> u32 {
    if one == NONE || two == NONE {
        return if one == NONE { two } else { one };
    }
    let (mut one, mut two) = ((one, links.link(one)), (two, links.link(two)));
    if two.1.precedes(one.1) {
        swap(&mut one, &mut two);
    }
    let root = one.0;

    // Down: the ways to the right of both trees become one, in the order of the keys.
    let ((mut bottom, mut bottom_link), (mut other, mut other_link)) = (one, two);
    loop {
        let right = bottom_link.right();
        if right == NONE {
            bottom_link.set_right(other);
            other_link.set_parent(bottom);
            break;
        }
        let right_link = links.link(right);
        if right_link.precedes(other_link) {
            (bottom, bottom_link) = (right, right_link);
        } else {
            bottom_link.set_right(other);
            other_link.set_parent(bottom);
            (bottom, bottom_link, other, other_link) = (other, other_link, right, right_link);
        }
    }

    // Up: all of them, as each may have got another right child.
    loop {
        let link = links.link(bottom);
        mend(links, link);
        if bottom == root {
            return root;
        }
        bottom = link.parent();
    }
}

/// Mends the ranks from `id` upwards, after one of its children was replaced, until
/// one is as before.
#[inline]
fn mend_above(links: &(impl Links + ?Sized), mut id: u32) {
    while id != NONE {
        let link = links.link(id);
        if mend(links, link) == Rank::Kept {
            return;
        }
        id = link.parent();
    }
}

/// What became of a rank.
#[derive(PartialEq)]
enum Rank {
    Kept,
    Changed,
}

/// Puts the child with the higher rank to the left, and sets the rank.
#[inline]
fn mend(links: &(impl Links + ?Sized), link: &Link) -> Rank {
    let (left, right) = (link.left(), link.right());
    let (left_rank, right_rank) = (rank(links, left), rank(links, right));
    if left_rank < right_rank {
        link.set_left(right);
        link.set_right(left);
    }
    let rank = left_rank.min(right_rank) + 1;
    if rank == link.rank() {
        return Rank::Kept;
    }
    link.set_rank(rank);
    Rank::Changed
}

/// Returns the rank of a tree, which may be empty.
#[inline]
fn rank(links: &(impl Links + ?Sized), id: u32) -> u32 {
    if id == NONE { 0 } else { links.link(id).rank() }
}

#[cfg(test)]
impl DeadlineQueue {
    /// Returns all elements, parents first. Panics unless the whole tree is as it has
    /// to be.
    pub(crate) fn assert_consistent(&self, links: &(impl Links + ?Sized)) -> std::vec::Vec<u32> {
        let mut found = std::vec::Vec::new();
        let mut rest = std::vec![(self.root, NONE)];
        while let Some((id, parent)) = rest.pop() {
            if id == NONE {
                continue;
            }
            let link = links.link(id);
            assert_eq!(link.parent(), parent);
            assert!(parent == NONE || links.link(parent).precedes(link));
            let (left_rank, right_rank) = (rank(links, link.left()), rank(links, link.right()));
            assert!(left_rank >= right_rank);
            assert_eq!(link.rank(), right_rank + 1);
            rest.extend([(link.left(), id), (link.right(), id)]);
            found.push(id);
            assert!(found.len() <= self.len as usize);
        }
        assert_eq!(found.len(), self.len as usize);
        found
    }
}
