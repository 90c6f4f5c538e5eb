//! Tests against a model from the standard library.

mod cost;
mod model;

use std::vec::Vec;

use crate::{DeadlineQueue, Link};

#[test]
fn elements_come_by_their_keys() {
    let links = [const { Link::new() }; 5];
    let mut queue = DeadlineQueue::default();
    assert!(queue.is_empty());
    assert_eq!((queue.first(), queue.first_key(&links), queue.pop(&links)), (None, None, None));
    for (id, key) in [(0, 7), (1, u64::MAX), (2, 0), (3, 1 << 63), (4, (1 << 63) - 1)] {
        queue.insert(&links, id, key);
        queue.assert_consistent(&links);
    }
    assert_eq!((queue.len(), queue.first(), queue.first_key(&links)), (5, Some(2), Some(0)));
    let popped: Vec<_> = core::iter::from_fn(|| queue.pop(&links)).collect();
    assert_eq!(popped, [2, 0, 4, 3, 1]);
    assert!(queue.is_empty() && queue.first().is_none());
}

#[test]
fn equal_keys_come_in_the_order_of_insertion() {
    let links = [const { Link::new() }; 100];
    let mut queue = DeadlineQueue::new();
    for id in (0..100).rev() {
        queue.insert(&links, id, 5);
    }
    // An element that is inserted again is the last of all.
    queue.remove(&links, 60);
    queue.insert(&links, 60, 5);
    let popped: Vec<_> = core::iter::from_fn(|| queue.pop(&links)).collect();
    let expected: Vec<_> = (0..100).rev().filter(|id| *id != 60).chain([60]).collect();
    assert_eq!(popped, expected);
}

#[test]
fn link_shows_its_state_and_serves_one_queue_after_the_other() {
    let links = [Link::default(), Link::new()];
    assert!(!links[0].is_linked());
    assert_eq!(links[0].key(), 0);
    let (mut one, mut two) = (DeadlineQueue::new(), DeadlineQueue::new());
    one.insert(&links, 0, 9);
    assert!(links[0].is_linked() && !links[1].is_linked());
    assert_eq!(one.pop(&links), Some(0));
    assert!(!links[0].is_linked());
    assert_eq!(links[0].key(), 9);
    two.insert(links.as_slice(), 0, 3);
    two.insert(links.as_slice(), 1, 2);
    assert_eq!((one.len(), two.len(), two.first()), (0, 2, Some(1)));
    two.assert_consistent(&links);
}

#[test]
fn link_is_small_and_constant() {
    let link: Link = const { Link::new() };
    static QUEUE: DeadlineQueue = DeadlineQueue::new();
    assert!(!link.is_linked() && QUEUE.is_empty());
    assert_eq!(size_of::<Link<core::num::NonZeroU32>>(), 32);
    assert_eq!(size_of::<Link<&u8>>(), 48);
}

#[test]
#[should_panic(expected = "the element is in a queue already")]
fn second_insertion_panics() {
    let links = [const { Link::new() }; 1];
    let mut queue = DeadlineQueue::new();
    queue.insert(&links, 0, 1);
    queue.insert(&links, 0, 2);
}

#[test]
#[should_panic(expected = "the element isn't in a queue")]
fn removal_of_who_is_not_linked_panics() {
    let links = [const { Link::new() }; 2];
    let mut queue = DeadlineQueue::new();
    queue.insert(&links, 0, 1);
    queue.remove(&links, 1);
}

#[test]
#[should_panic(expected = "an empty queue has no element to remove")]
fn removal_from_an_empty_heap_panics() {
    let links = [const { Link::new() }; 1];
    let (mut one, mut two) = (DeadlineQueue::new(), DeadlineQueue::new());
    one.insert(&links, 0, 1);
    two.remove(&links, 0);
}
