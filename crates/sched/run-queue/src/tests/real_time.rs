//! The real-time class.

use std::vec::Vec;

use super::threads::{nice, real_time};
use crate::{Node, Policy, Previous, REAL_TIME_LOAD, RunQueue, Start};

const MS: u64 = 1_000_000;

/// Returns a queue where threads of these policies wait.
fn waiting(policies: &[Policy]) -> (Vec<Node>, RunQueue) {
    let nodes: Vec<Node> = policies.iter().map(|policy| Node::new(*policy)).collect();
    let mut queue = RunQueue::new();
    for id in 0..policies.len() as u32 {
        queue.enqueue(nodes.as_slice(), id, Start::New, 0);
    }
    (nodes, queue)
}

#[test]
fn higher_priorities_run_first_then_the_fair_ones() {
    let policies = [nice(-20), real_time(1), real_time(99), real_time(64), real_time(63)];
    let (nodes, mut queue) = waiting(&policies);
    let nodes = nodes.as_slice();
    let mut order = Vec::new();
    while let Some(id) = queue.pick(nodes, 0, Previous::Blocked) {
        order.push(id);
    }
    assert_eq!(order, [2, 3, 4, 1, 0]);
}

#[test]
fn real_time_thread_is_not_interrupted_by_lower_ones() {
    let (nodes, mut queue) = waiting(&[nice(-20), real_time(5), real_time(4)]);
    let nodes = nodes.as_slice();
    assert_eq!(queue.pick(nodes, 0, Previous::Runnable), Some(1));
    assert_eq!(queue.slice_end_ns(nodes), None);
    queue.update(nodes, 60_000 * MS);
    assert!(!queue.should_preempt(nodes));
    for previous in [Previous::Runnable, Previous::Yielding] {
        assert_eq!(queue.pick(nodes, 60_000 * MS, previous), Some(1));
    }
}

#[test]
fn equals_take_turns_by_slices() {
    let (nodes, mut queue) = waiting(&[real_time(5), real_time(5), real_time(5), nice(0)]);
    let nodes = nodes.as_slice();
    assert_eq!(queue.pick(nodes, 0, Previous::Runnable), Some(0));
    for turn in 1..10 {
        let end_ns = turn * 10 * MS;
        assert_eq!(queue.slice_end_ns(nodes), Some(end_ns));
        queue.update(nodes, end_ns - 1);
        assert!(!queue.should_preempt(nodes));
        queue.update(nodes, end_ns);
        assert!(queue.should_preempt(nodes));
        let next = queue.pick(nodes, end_ns, Previous::Runnable);
        assert_eq!(next, Some(turn as u32 % 3));
    }
}

#[test]
fn preempted_one_goes_on_before_its_equals_with_the_rest_of_its_slice() {
    let (nodes, mut queue) = waiting(&[real_time(5), real_time(5), real_time(9)]);
    let nodes = nodes.as_slice();
    assert_eq!(queue.pick(nodes, 0, Previous::Blocked), Some(2));
    assert_eq!(queue.pick(nodes, 0, Previous::Blocked), Some(0));
    queue.enqueue(nodes, 2, Start::Woken, 4 * MS);
    assert!(queue.should_preempt(nodes));
    assert_eq!(queue.slice_end_ns(nodes), Some(4 * MS));
    assert_eq!(queue.pick(nodes, 4 * MS, Previous::Runnable), Some(2));
    assert_eq!(queue.pick(nodes, 5 * MS, Previous::Blocked), Some(0));
    assert_eq!(queue.slice_end_ns(nodes), Some(11 * MS));
}

#[test]
fn preempted_one_stays_when_the_one_behind_it_leaves() {
    let (nodes, mut queue) = waiting(&[real_time(5), real_time(5), real_time(5), real_time(9)]);
    let nodes = nodes.as_slice();
    queue.dequeue(nodes, 3);
    assert_eq!(queue.pick(nodes, 0, Previous::Runnable), Some(0));
    queue.enqueue(nodes, 3, Start::Woken, MS);
    assert_eq!(queue.pick(nodes, MS, Previous::Runnable), Some(3));
    queue.dequeue(nodes, 1);
    let order = [(); 3].map(|()| queue.pick(nodes, MS, Previous::Blocked));
    assert_eq!(order, [Some(0), Some(2), None]);
}

#[test]
fn yield_goes_behind_equals_with_a_new_slice() {
    let (nodes, mut queue) = waiting(&[real_time(5), real_time(5), real_time(4)]);
    let nodes = nodes.as_slice();
    assert_eq!(queue.pick(nodes, 0, Previous::Runnable), Some(0));
    assert_eq!(queue.pick(nodes, MS, Previous::Yielding), Some(1));
    assert_eq!(queue.pick(nodes, 2 * MS, Previous::Yielding), Some(0));
    assert_eq!(queue.slice_end_ns(nodes), Some(12 * MS));
}

#[test]
fn woken_one_goes_behind_its_equals() {
    let (nodes, mut queue) = waiting(&[real_time(5), real_time(5), real_time(5)]);
    let nodes = nodes.as_slice();
    assert_eq!(queue.pick(nodes, 0, Previous::Runnable), Some(0));
    assert_eq!(queue.pick(nodes, MS, Previous::Blocked), Some(1));
    queue.enqueue(nodes, 0, Start::Woken, MS);
    assert!(!queue.should_preempt(nodes));
    assert_eq!(queue.pick(nodes, MS, Previous::Blocked), Some(2));
    assert_eq!(queue.pick(nodes, MS, Previous::Blocked), Some(0));
}

#[test]
fn fair_threads_pay_nothing_for_real_time_ones() {
    let (nodes, mut queue) = waiting(&[nice(0), nice(0), real_time(1)]);
    let nodes = nodes.as_slice();
    queue.dequeue(nodes, 2);
    assert_eq!(queue.pick(nodes, 0, Previous::Runnable), Some(0));
    queue.enqueue(nodes, 2, Start::Woken, MS);
    assert!(queue.should_preempt(nodes));
    assert_eq!(queue.slice_end_ns(nodes), Some(MS));
    assert_eq!(queue.pick(nodes, MS, Previous::Runnable), Some(2));
    let floor = queue.fair.time.floor();
    queue.update(nodes, 500 * MS);
    assert_eq!(queue.fair.time.floor(), floor);
    assert_eq!(queue.load(), 2048 + u64::from(queue.real_time_len()) * REAL_TIME_LOAD);
    // The other is behind now.
    assert_eq!(queue.pick(nodes, 500 * MS, Previous::Blocked), Some(1));
}

#[test]
fn removal_anywhere_in_a_list_keeps_the_others_in_order() {
    let (nodes, mut queue) = waiting(&[real_time(5); 5]);
    let nodes = nodes.as_slice();
    for id in [2, 0, 4] {
        queue.dequeue(nodes, id);
    }
    queue.enqueue(nodes, 2, Start::Woken, 0);
    let order = [(); 4].map(|()| queue.pick(nodes, 0, Previous::Blocked));
    assert_eq!(order, [Some(1), Some(3), Some(2), None]);
}

#[test]
fn change_of_policy_moves_a_thread_between_the_classes() {
    let (nodes, mut queue) = waiting(&[nice(0), nice(0), real_time(5)]);
    let nodes = nodes.as_slice();
    assert_eq!(queue.pick(nodes, 0, Previous::Runnable), Some(2));
    // A waiting fair one becomes an equal, behind nobody else.
    queue.set_policy(nodes, 0, real_time(5), MS);
    assert_eq!((queue.load(), queue.len()), (1024 + 2 * REAL_TIME_LOAD, 3));
    assert!(!queue.should_preempt(nodes));
    queue.set_policy(nodes, 1, real_time(6), MS);
    assert!(queue.should_preempt(nodes));
    assert_eq!(queue.pick(nodes, MS, Previous::Runnable), Some(1));
    // The running one becomes fair.
    queue.set_policy(nodes, 1, nice(1), 2 * MS);
    assert_eq!((queue.load(), queue.current()), (820 + 2 * REAL_TIME_LOAD, Some(1)));
    assert!(queue.should_preempt(nodes));
    assert_eq!(queue.pick(nodes, 2 * MS, Previous::Runnable), Some(2));
    // A running one that becomes an equal goes behind.
    queue.set_policy(nodes, 0, real_time(3), 3 * MS);
    queue.set_policy(nodes, 2, real_time(3), 3 * MS);
    assert!(queue.should_preempt(nodes));
    assert_eq!(queue.pick(nodes, 3 * MS, Previous::Runnable), Some(0));
    assert_eq!(queue.slice_end_ns(nodes), Some(13 * MS));
}

#[test]
fn change_to_the_same_policy_changes_nothing() {
    let (nodes, mut queue) = waiting(&[real_time(5), real_time(5), nice(0)]);
    let nodes = nodes.as_slice();
    assert_eq!(queue.pick(nodes, 0, Previous::Runnable), Some(0));
    for id in 0..3 {
        let policy = nodes[id as usize].policy();
        queue.set_policy(nodes, id, policy, MS);
    }
    assert_eq!(queue.slice_end_ns(nodes), Some(10 * MS));
    assert_eq!(queue.pick(nodes, MS, Previous::Runnable), Some(0));
}

#[test]
fn steal_takes_real_time_threads_first() {
    let (nodes, mut queue) = waiting(&[nice(0), real_time(5), real_time(7), real_time(7)]);
    let nodes = nodes.as_slice();
    assert_eq!(queue.steal(nodes, |id| id == 0, 3), None);
    assert_eq!(queue.steal(nodes, |id| id != 2, 9), Some(3));
    let rest = [(); 4].map(|()| queue.steal(nodes, |_| true, 1));
    assert_eq!(rest, [Some(2), Some(1), Some(0), None]);
}

#[test]
fn slice_is_used_up_at_most() {
    let (nodes, mut queue) = waiting(&[real_time(5), real_time(5)]);
    let nodes = nodes.as_slice();
    assert_eq!(queue.pick(nodes, 0, Previous::Runnable), Some(0));
    queue.update(nodes, 1 << 40);
    assert_eq!(queue.slice_end_ns(nodes), Some(1 << 40));
}
