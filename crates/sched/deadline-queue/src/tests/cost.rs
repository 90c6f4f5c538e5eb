//! How many links an operation looks at.

use core::cell::Cell;
use std::vec::Vec;

use crate::{DeadlineQueue, Link, Links};

const ELEMENTS: u32 = 100_000;

/// Links that count how often they are asked for.
struct Counted {
    links: Vec<Link>,
    accesses: Cell<u32>,
    most: Cell<u32>,
}

impl Counted {
    fn new() -> Self {
        let links = (0..ELEMENTS).map(|_| Link::new()).collect();
        Self { links, accesses: Cell::new(0), most: Cell::new(0) }
    }

    /// Counts those since the last call as one operation on a queue of `len`, and
    /// asserts that they are few.
    fn end_operation(&self, len: u32) {
        let accesses = self.accesses.take();
        // For each of both ways to the right, a merge asks for one link a step on the way
        // down and three on the way up; above it, each rank costs three.
        let bound = (2 * (1 + 3) + 3) * (len + 1).ilog2() + 12;
        assert!(accesses <= bound, "{accesses} accesses for {len} elements, not {bound}");
        self.most.set(self.most.get().max(accesses));
    }
}

impl Links for Counted {
    type Id = u32;

    fn link(&self, id: u32) -> &Link {
        self.accesses.set(self.accesses.get() + 1);
        &self.links[id as usize]
    }
}

/// A generator of random numbers (G. Marsaglia, Xorshift RNGs, 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn shuffled(&mut self) -> Vec<u32> {
        let mut ids: Vec<_> = (0..ELEMENTS).collect();
        for end in (1..ids.len()).rev() {
            ids.swap(end, (self.next() % (end as u64 + 1)) as usize);
        }
        ids
    }
}

/// Inserts all in the order of `keys`, removes them in the order of `removals`, and
/// counts both. `None` removes the first each time.
fn count(keys: impl Iterator<Item = u64>, removals: Option<Vec<u32>>) -> u32 {
    let links = Counted::new();
    let mut queue = DeadlineQueue::new();
    for (id, key) in (0..ELEMENTS).zip(keys) {
        queue.insert(&links, id, key);
        links.end_operation(queue.len());
    }
    assert_eq!(queue.len(), ELEMENTS);
    queue.assert_consistent(&links);
    links.accesses.take();
    let mut last_key = 0;
    for index in 0..ELEMENTS as usize {
        match &removals {
            Some(ids) => queue.remove(&links, ids[index]),
            None => {
                let id = queue.pop(&links).expect("not all are out yet");
                let key = links.links[id as usize].key();
                assert!(key >= last_key);
                last_key = key;
            }
        }
        links.end_operation(queue.len());
        if index as u32 == ELEMENTS / 2 {
            queue.assert_consistent(&links);
            links.accesses.take();
        }
    }
    assert!(queue.is_empty());
    links.most.get()
}

#[test]
fn cost_is_logarithmic_in_every_order() {
    let all = u64::from(ELEMENTS);
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    for removals in 0..4 {
        let mut order = || match removals {
            0 => None,
            1 => Some((0..ELEMENTS).collect()),
            2 => Some((0..ELEMENTS).rev().collect()),
            _ => Some(random.shuffled()),
        };
        let rising = count(0..all, order());
        let falling = count((0..all).rev(), order());
        let equal = count((0..all).map(|_| 1), order());
        let mut keys = Random(removals + 1);
        let random = count((0..all).map(|_| keys.next()), order());
        std::println!("most: {rising} rising, {falling} falling, {equal} equal, {random} random");
    }
}

#[test]
fn cost_stays_logarithmic_while_elements_come_and_go() {
    let links = Counted::new();
    let mut queue = DeadlineQueue::new();
    let mut random = Random(88172645463325252);
    for step in 0..3 * u64::from(ELEMENTS) {
        let id = (random.next() % u64::from(ELEMENTS)) as u32;
        if links.links[id as usize].is_linked() {
            queue.remove(&links, id);
        } else {
            // Rising keys with some that are far behind, as deadlines have.
            queue.insert(&links, id, step + (random.next() % 1000) * (random.next() % 1000));
        }
        links.end_operation(queue.len());
    }
    queue.assert_consistent(&links);
}
