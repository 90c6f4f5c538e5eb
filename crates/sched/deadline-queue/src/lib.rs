//! A priority queue whose links live in its elements: no allocation, and any
//! element can be removed.
//!
//! Elements are ids. The user keeps a [`Link`] for each, for example in a thread
//! control block, and finds it by [`Links`]. The smallest key comes first; equal
//! keys come in the order of their insertion. Keys compare as plain `u64`, so that
//! `u64::MAX` is later than everything.
//!
//! It is a leftist tree (C. A. Crane 1972; D. E. Knuth, The Art of Computer
//! Programming 3, 5.2.3): no key is smaller than its parent's, and no right child has
//! a higher rank than its sibling. The rank is the number of elements on the way to
//! the nearest missing child. A subtree of rank r has at least 2^r - 1 elements, so
//! the way to the right has at most log2(n + 1). With links to the parents, any
//! element can be removed by a merge of its two subtrees, and the ranks above are
//! mended as far as they change. That isn't far: a rank that falls is one more than
//! the new rank of the child below, and one that rises was one more than the old, so
//! that on the way up each is higher than the one before.
//! So each operation is O(log n) in the worst case, and none recurses.
//!
//! | module | subject |
//! |---|---|
//! | `queue` | the queue and its operations |
//! | `link` | the part of the queue that each element has |
//!
//! ```
//! use deadline_queue::{DeadlineQueue, Link};
//! let links = [const { Link::new() }; 3];
//! let mut queue = DeadlineQueue::new();
//! queue.insert(&links, 0, 50);
//! queue.insert(&links, 1, 20);
//! queue.insert(&links, 2, 30);
//! queue.remove(&links, 1);
//! assert_eq!(queue.first_key(&links), Some(30));
//! assert_eq!(queue.pop(&links), Some(2));
//! assert_eq!(queue.pop(&links), Some(0));
//! assert_eq!(queue.pop(&links), None);
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod link;
mod queue;
#[cfg(test)]
mod tests;

pub use link::{Link, Links};
pub use queue::DeadlineQueue;
