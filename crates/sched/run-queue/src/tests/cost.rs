//! How many nodes an operation looks at.

use core::cell::Cell;
use std::vec::Vec;

use super::threads::{Random, nice, nodes, slice};
use crate::{Node, Nodes, Previous, RunQueue, Start};

const THREADS: u32 = 100_000;

/// Nodes that count how often they are asked for.
struct Counted {
    nodes: Vec<Node>,
    accesses: Cell<u32>,
    /// Of all operations, and how many these were.
    sum: Cell<u64>,
    operations: Cell<u64>,
}

impl Nodes for Counted {
    type Id = u32;

    fn node(&self, id: u32) -> &Node {
        self.accesses.set(self.accesses.get() + 1);
        &self.nodes[id as usize]
    }
}

impl Counted {
    fn new() -> Self {
        Self {
            nodes: nodes(THREADS as usize),
            accesses: Cell::new(0),
            sum: Cell::new(0),
            operations: Cell::new(0),
        }
    }

    /// Counts those since the last call as one operation on a queue of `len`, and
    /// asserts that they are few.
    fn end_operation(&self, len: u32) {
        let accesses = self.accesses.take();
        // An insertion asks for one node a level on the way down and at most twelve on
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
    let (nodes, mut queue) = (Counted::new(), RunQueue::new());
    for id in 0..THREADS {
        nodes.nodes[id as usize].set_policy(nice((id % 7) as i8 - 3));
        nodes.nodes[id as usize].set_slice(slice(slice_us(id) * 1000));
        queue.enqueue(&nodes, id, Start::New, 0);
        nodes.end_operation(queue.len());
    }
    let mut now_ns = 0;
    for _ in 0..THREADS / 2 {
        queue.pick(&nodes, now_ns, Previous::Runnable);
        nodes.end_operation(queue.len());
        now_ns = queue.slice_end_ns(&nodes).expect("others wait");
        queue.should_preempt(&nodes);
        nodes.end_operation(queue.len());
    }
    queue.fair.tree.assert_consistent(nodes.nodes.as_slice());
    let mut random = Random(99);
    while !queue.is_empty() {
        match random.below(3) {
            0 => queue.pick(&nodes, now_ns, Previous::Blocked),
            1 => queue.steal(&nodes, |id| id % 8 == 0, 4),
            _ => queue.steal(&nodes, |_| true, 1),
        };
        now_ns += 1000;
        // Four looks at those before, each a way up or down.
        nodes.end_operation(queue.len() + 1);
    }
    // Most changes are of interest to a few levels only.
    assert!(nodes.sum.get() <= 60 * nodes.operations.get());
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
    let (nodes, mut queue) = (Counted::new(), RunQueue::new());
    queue.enqueue(&nodes, 0, Start::New, 0);
    queue.pick(&nodes, 0, Previous::Runnable);
    nodes.accesses.take();
    queue.update(&nodes, 1_000_000);
    assert!(nodes.accesses.take() <= 1);
    assert!(!queue.should_preempt(&nodes));
    assert!(nodes.accesses.take() <= 1);
    queue.pick(&nodes, 2_000_000, Previous::Runnable);
    assert!(nodes.accesses.take() <= 4);
}
