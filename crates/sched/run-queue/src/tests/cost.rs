//! How many entities an operation looks at.

use core::cell::Cell;
use std::vec::Vec;

use super::threads::{Random, entities, nice, slice};
use crate::{Entities, Previous, RunQueue, SchedEntity, Start};

const THREADS: u32 = 100_000;

/// Entities that count how often they are asked for.
struct Counted {
    entities: Vec<SchedEntity>,
    accesses: Cell<u32>,
    /// Of all operations, and how many these were.
    sum: Cell<u64>,
    operations: Cell<u64>,
}

impl Entities for Counted {
    type Id = u32;

    fn entity(&self, id: u32) -> &SchedEntity {
        self.accesses.set(self.accesses.get() + 1);
        &self.entities[id as usize]
    }
}

impl Counted {
    fn new() -> Self {
        Self {
            entities: entities(THREADS as usize),
            accesses: Cell::new(0),
            sum: Cell::new(0),
            operations: Cell::new(0),
        }
    }

    /// Counts those since the last call as one operation on a queue of `len`, and
    /// asserts that they are few.
    fn end_operation(&self, len: u32) {
        let accesses = self.accesses.take();
        // An insertion asks for one entity a level on the way down and at most twelve on
        // the way up, a removal for as many, a search for two; the height is at most
        // 1.44 log2(n).
        let bound = 2 * 20 * (len + 2).ilog2() + 30;
        assert!(accesses <= bound, "{accesses} accesses for {len} threads, not {bound}");
        self.sum.set(self.sum.get() + u64::from(accesses));
        self.operations.set(self.operations.get() + 1);
    }
}

/// Lets all threads wait, with slices in some order, runs them for some turns, and lets
/// all leave.
fn count(mut slice_us: impl FnMut(u32) -> u32) {
    let (entities, mut queue) = (Counted::new(), RunQueue::new());
    for id in 0..THREADS {
        entities.entities[id as usize].set_policy(nice((id % 7) as i8 - 3));
        entities.entities[id as usize].set_slice(slice(slice_us(id) * 1000));
        queue.enqueue(&entities, id, Start::New, 0);
        entities.end_operation(queue.len());
    }
    let mut now_ns = 0;
    for _ in 0..THREADS / 2 {
        queue.pick(&entities, now_ns, Previous::Runnable);
        entities.end_operation(queue.len());
        now_ns = queue.slice_end_ns(&entities).expect("others wait");
        queue.should_preempt(&entities);
        entities.end_operation(queue.len());
    }
    queue.fair.tree.assert_consistent(entities.entities.as_slice());
    let mut random = Random(99);
    while !queue.is_empty() {
        match random.below(3) {
            0 => queue.pick(&entities, now_ns, Previous::Blocked),
            1 => queue.steal(&entities, |id| id % 8 == 0, 4),
            _ => queue.steal(&entities, |_| true, 1),
        };
        now_ns += 1000;
        // Four looks at those before, each a way up or down.
        entities.end_operation(queue.len() + 1);
    }
    // Most changes are of interest to a few levels only.
    assert!(entities.sum.get() <= 60 * entities.operations.get());
}

#[test]
fn cost_is_logarithmic_for_rising_deadlines() {
    count(|id| 100 + id % 90_000);
}

#[test]
fn cost_is_logarithmic_for_falling_deadlines() {
    count(|id| 100_000 - id % 90_000);
}

#[test]
fn cost_is_logarithmic_for_equal_deadlines() {
    count(|_| 3000);
}

#[test]
fn cost_is_logarithmic_for_deadlines_at_random() {
    let mut random = Random(7);
    count(|_| 100 + random.below(99_000) as u32);
}

#[test]
fn cost_without_others_is_constant() {
    let (entities, mut queue) = (Counted::new(), RunQueue::new());
    queue.enqueue(&entities, 0, Start::New, 0);
    queue.pick(&entities, 0, Previous::Runnable);
    entities.accesses.take();
    queue.update(&entities, 1_000_000);
    assert!(entities.accesses.take() <= 1);
    assert!(!queue.should_preempt(&entities));
    assert!(entities.accesses.take() <= 1);
    queue.pick(&entities, 2_000_000, Previous::Runnable);
    assert!(entities.accesses.take() <= 4);
}
