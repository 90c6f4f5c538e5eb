//! The queue and its operations: a leftist tree.

use core::mem::swap;

use crate::link::{Link, Links};

/// A priority queue of ids, the smallest key first.
///
/// All operations are given the same [`Links`]. An id can be in one queue at a time; a
/// link that is in another queue looks like one that is in this.
#[derive(Debug)]
pub struct DeadlineQueue<I = u32> {
    root: Option<I>,
    len: u32,
    /// How many elements were ever inserted: the order of equal keys. At one a
    /// nanosecond it would last 584 years.
    insertions: u64,
}

impl<I: Copy + Eq> DeadlineQueue<I> {
    /// Returns one without elements.
    pub const fn new() -> Self {
        Self { root: None, len: 0, insertions: 0 }
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
    pub fn first(&self) -> Option<I> {
        self.root
    }

    /// Returns the smallest key.
    #[inline]
    pub fn first_key(&self, links: &(impl Links<Id = I> + ?Sized)) -> Option<u64> {
        self.root.map(|id| links.link(id).key())
    }

    /// Removes the element with the smallest key and returns it.
    pub fn pop(&mut self, links: &(impl Links<Id = I> + ?Sized)) -> Option<I> {
        let id = self.root?;
        self.remove(links, id);
        Some(id)
    }

    /// Inserts `id` with `key`, after those of the same key.
    ///
    /// # Panics
    /// If the element is linked already.
    pub fn insert(&mut self, links: &(impl Links<Id = I> + ?Sized), id: I, key: u64) {
        let link = links.link(id);
        assert!(!link.is_linked(), "the element is in a queue already");
        link.set_place(key, self.insertions);
        self.insertions += 1;
        self.len += 1;

        // The merge with a single element: it takes a place on the way to the right,
        // and what was there becomes its left subtree.
        let (mut parent, mut below) = (None, self.root);
        while let Some(next) = below {
            let next_link = links.link(next);
            if next_link.key() > key {
                next_link.set_parent(Some(id));
                break;
            }
            parent = below;
            below = next_link.right();
        }
        link.set_parent(parent);
        link.set_left(below);
        link.set_right(None);
        link.set_rank(1);
        match parent {
            None => self.root = Some(id),
            Some(above) => {
                links.link(above).set_right(Some(id));
                mend_above(links, parent);
            }
        }
    }

    /// Removes `id`, wherever it is in the queue.
    ///
    /// # Panics
    /// If the element isn't linked, or if this queue is empty.
    pub fn remove(&mut self, links: &(impl Links<Id = I> + ?Sized), id: I) {
        assert!(!self.is_empty(), "an empty queue has no element to remove");
        let link = links.link(id);
        assert!(link.is_linked(), "the element isn't in a queue");
        let merged = merge(links, link.left(), link.right());
        let parent = link.parent();
        if let Some(merged) = merged {
            links.link(merged).set_parent(parent);
        }
        link.set_rank(0);
        self.len -= 1;
        let Some(above) = parent.map(|parent| links.link(parent)) else {
            self.root = merged;
            return;
        };
        if above.left() == Some(id) {
            above.set_left(merged);
        } else {
            above.set_right(merged);
        }
        mend_above(links, parent);
    }
}

impl<I: Copy + Eq> Default for DeadlineQueue<I> {
    fn default() -> Self {
        Self::new()
    }
}

/// Merges two trees, which may be empty; returns the root. Its parent isn't set.
fn merge<I: Copy + Eq>(
    links: &(impl Links<Id = I> + ?Sized),
    one: Option<I>,
    two: Option<I>,
) -> Option<I> {
    let (Some(one_root), Some(two_root)) = (one, two) else {
        return one.or(two);
    };
    let (mut one, mut two) = ((one_root, links.link(one_root)), (two_root, links.link(two_root)));
    if two.1.precedes(one.1) {
        swap(&mut one, &mut two);
    }
    let root = one.0;

    // Down: the ways to the right of both trees become one, in the order of the keys.
    let ((mut bottom, mut bottom_link), (mut other, mut other_link)) = (one, two);
    while let Some(right) = bottom_link.right() {
        let right_link = links.link(right);
        if right_link.precedes(other_link) {
            (bottom, bottom_link) = (right, right_link);
        } else {
            bottom_link.set_right(Some(other));
            other_link.set_parent(Some(bottom));
            (bottom, bottom_link, other, other_link) = (other, other_link, right, right_link);
        }
    }
    bottom_link.set_right(Some(other));
    other_link.set_parent(Some(bottom));

    // Up: all of them, as each may have got another right child.
    loop {
        let link = links.link(bottom);
        mend(links, link);
        if bottom == root {
            return Some(root);
        }
        bottom = link.parent()?;
    }
}

/// Mends the ranks from `id` upwards, after one of its children was replaced, until
/// one is as before.
#[inline]
fn mend_above<I: Copy>(links: &(impl Links<Id = I> + ?Sized), mut id: Option<I>) {
    while let Some(at) = id {
        let link = links.link(at);
        if mend(links, link) == Rank::Kept {
            return;
        }
        id = link.parent();
    }
}

/// Whether a rank has changed.
#[derive(PartialEq)]
enum Rank {
    Kept,
    Changed,
}

/// Puts the child with the higher rank to the left, and sets the rank.
#[inline]
fn mend<I: Copy>(links: &(impl Links<Id = I> + ?Sized), link: &Link<I>) -> Rank {
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
fn rank<I: Copy>(links: &(impl Links<Id = I> + ?Sized), id: Option<I>) -> u32 {
    id.map_or(0, |id| links.link(id).rank())
}

#[cfg(test)]
impl DeadlineQueue {
    /// Returns all elements, parents first. Panics unless the whole tree is as it has
    /// to be.
    pub(crate) fn assert_consistent(
        &self,
        links: &(impl Links<Id = u32> + ?Sized),
    ) -> std::vec::Vec<u32> {
        let mut found = std::vec::Vec::new();
        let mut rest = std::vec![(self.root, None)];
        while let Some((id, parent)) = rest.pop() {
            let Some(id) = id else {
                continue;
            };
            let link = links.link(id);
            assert_eq!(link.parent(), parent);
            assert!(parent.is_none_or(|parent| links.link(parent).precedes(link)));
            let (left_rank, right_rank) = (rank(links, link.left()), rank(links, link.right()));
            assert!(left_rank >= right_rank);
            assert_eq!(link.rank(), right_rank + 1);
            rest.extend([(link.left(), Some(id)), (link.right(), Some(id))]);
            found.push(id);
            assert!(found.len() <= self.len as usize);
        }
        assert_eq!(found.len(), self.len as usize);
        found
    }
}
