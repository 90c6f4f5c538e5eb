//! The real-time class.

use std::vec::Vec;

use super::threads::{nice, real_time};
use crate::{Policy, Previous, REAL_TIME_LOAD, RealTimePriority, RunQueue, SchedEntity, Start};

const MS: u64 = 1_000_000;

/// Returns a queue where threads of these policies wait.
fn waiting(policies: &[Policy]) -> (Vec<SchedEntity>, RunQueue) {
    let entities: Vec<SchedEntity> =
        policies.iter().map(|policy| SchedEntity::new(*policy)).collect();
    let mut queue = RunQueue::new();
    for id in 0..policies.len() as u32 {
        queue.enqueue(entities.as_slice(), id, Start::New, 0);
    }
    (entities, queue)
}

#[test]
fn higher_priorities_run_first_then_the_fair_ones() {
    let policies = [nice(-20), real_time(1), real_time(99), real_time(64), real_time(63)];
    let (entities, mut queue) = waiting(&policies);
    let entities = entities.as_slice();
    let mut order = Vec::new();
    while let Some(id) = queue.pick(entities, 0, Previous::Blocked) {
        order.push(id);
    }
    assert_eq!(order, [2, 3, 4, 1, 0]);
}

#[test]
fn real_time_thread_is_not_interrupted_by_lower_ones() {
    let (entities, mut queue) = waiting(&[nice(-20), real_time(5), real_time(4)]);
    let entities = entities.as_slice();
    assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(1));
    assert_eq!(queue.slice_end_ns(entities), None);
    queue.update(entities, 60_000 * MS);
    assert!(!queue.should_preempt(entities));
    for previous in [Previous::Runnable, Previous::Yielding] {
        assert_eq!(queue.pick(entities, 60_000 * MS, previous), Some(1));
    }
}

#[test]
fn equals_take_turns_by_slices() {
    let (entities, mut queue) = waiting(&[real_time(5), real_time(5), real_time(5), nice(0)]);
    let entities = entities.as_slice();
    assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(0));
    for turn in 1..10 {
        let end_ns = turn * 10 * MS;
        assert_eq!(queue.slice_end_ns(entities), Some(end_ns));
        queue.update(entities, end_ns - 1);
        assert!(!queue.should_preempt(entities));
        queue.update(entities, end_ns);
        assert!(queue.should_preempt(entities));
        let next = queue.pick(entities, end_ns, Previous::Runnable);
        assert_eq!(next, Some(turn as u32 % 3));
    }
}

#[test]
fn preempted_one_goes_on_before_its_equals_with_the_rest_of_its_slice() {
    let (entities, mut queue) = waiting(&[real_time(5), real_time(5), real_time(9)]);
    let entities = entities.as_slice();
    assert_eq!(queue.pick(entities, 0, Previous::Blocked), Some(2));
    assert_eq!(queue.pick(entities, 0, Previous::Blocked), Some(0));
    queue.enqueue(entities, 2, Start::Woken, 4 * MS);
    assert!(queue.should_preempt(entities));
    assert_eq!(queue.slice_end_ns(entities), Some(4 * MS));
    assert_eq!(queue.pick(entities, 4 * MS, Previous::Runnable), Some(2));
    assert_eq!(queue.pick(entities, 5 * MS, Previous::Blocked), Some(0));
    assert_eq!(queue.slice_end_ns(entities), Some(11 * MS));
}

#[test]
fn preempted_one_stays_when_the_one_behind_it_leaves() {
    let (entities, mut queue) = waiting(&[real_time(5), real_time(5), real_time(5), real_time(9)]);
    let entities = entities.as_slice();
    queue.dequeue(entities, 3);
    assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(0));
    queue.enqueue(entities, 3, Start::Woken, MS);
    assert_eq!(queue.pick(entities, MS, Previous::Runnable), Some(3));
    queue.dequeue(entities, 1);
    let order = [(); 3].map(|()| queue.pick(entities, MS, Previous::Blocked));
    assert_eq!(order, [Some(0), Some(2), None]);
}

#[test]
fn yield_goes_behind_equals_with_a_new_slice() {
    let (entities, mut queue) = waiting(&[real_time(5), real_time(5), real_time(4)]);
    let entities = entities.as_slice();
    assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(0));
    assert_eq!(queue.pick(entities, MS, Previous::Yielding), Some(1));
    assert_eq!(queue.pick(entities, 2 * MS, Previous::Yielding), Some(0));
    assert_eq!(queue.slice_end_ns(entities), Some(12 * MS));
}

#[test]
fn woken_one_goes_behind_its_equals() {
    let (entities, mut queue) = waiting(&[real_time(5), real_time(5), real_time(5)]);
    let entities = entities.as_slice();
    assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(0));
    assert_eq!(queue.pick(entities, MS, Previous::Blocked), Some(1));
    queue.enqueue(entities, 0, Start::Woken, MS);
    assert!(!queue.should_preempt(entities));
    assert_eq!(queue.pick(entities, MS, Previous::Blocked), Some(2));
    assert_eq!(queue.pick(entities, MS, Previous::Blocked), Some(0));
}

#[test]
fn fair_threads_pay_nothing_for_real_time_ones() {
    let (entities, mut queue) = waiting(&[nice(0), nice(0), real_time(1)]);
    let entities = entities.as_slice();
    queue.dequeue(entities, 2);
    assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(0));
    queue.enqueue(entities, 2, Start::Woken, MS);
    assert!(queue.should_preempt(entities));
    assert_eq!(queue.slice_end_ns(entities), Some(MS));
    assert_eq!(queue.pick(entities, MS, Previous::Runnable), Some(2));
    let floor = queue.fair.time.floor();
    queue.update(entities, 500 * MS);
    assert_eq!(queue.fair.time.floor(), floor);
    assert_eq!(queue.load(), 2048 + u64::from(queue.real_time_len()) * REAL_TIME_LOAD);
    // The other is behind now.
    assert_eq!(queue.pick(entities, 500 * MS, Previous::Blocked), Some(1));
}

#[test]
fn removal_anywhere_in_a_list_keeps_the_others_in_order() {
    let (entities, mut queue) = waiting(&[real_time(5); 5]);
    let entities = entities.as_slice();
    for id in [2, 0, 4] {
        queue.dequeue(entities, id);
    }
    queue.enqueue(entities, 2, Start::Woken, 0);
    let order = [(); 4].map(|()| queue.pick(entities, 0, Previous::Blocked));
    assert_eq!(order, [Some(1), Some(3), Some(2), None]);
}

#[test]
fn change_of_policy_moves_a_thread_between_the_classes() {
    let (entities, mut queue) = waiting(&[nice(0), nice(0), real_time(5)]);
    let entities = entities.as_slice();
    assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(2));
    // A waiting fair one becomes an equal, behind nobody else.
    queue.set_policy(entities, 0, real_time(5), MS);
    assert_eq!((queue.load(), queue.len()), (1024 + 2 * REAL_TIME_LOAD, 3));
    assert!(!queue.should_preempt(entities));
    queue.set_policy(entities, 1, real_time(6), MS);
    assert!(queue.should_preempt(entities));
    assert_eq!(queue.pick(entities, MS, Previous::Runnable), Some(1));
    // The running one becomes fair.
    queue.set_policy(entities, 1, nice(1), 2 * MS);
    assert_eq!((queue.load(), queue.current()), (820 + 2 * REAL_TIME_LOAD, Some(1)));
    assert!(queue.should_preempt(entities));
    assert_eq!(queue.pick(entities, 2 * MS, Previous::Runnable), Some(2));
    // A running one that becomes an equal goes behind.
    queue.set_policy(entities, 0, real_time(3), 3 * MS);
    queue.set_policy(entities, 2, real_time(3), 3 * MS);
    assert!(queue.should_preempt(entities));
    assert_eq!(queue.pick(entities, 3 * MS, Previous::Runnable), Some(0));
    assert_eq!(queue.slice_end_ns(entities), Some(13 * MS));
}

#[test]
fn change_to_the_same_policy_changes_nothing() {
    let (entities, mut queue) = waiting(&[real_time(5), real_time(5), nice(0)]);
    let entities = entities.as_slice();
    assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(0));
    for id in 0..3 {
        let policy = entities[id as usize].policy();
        queue.set_policy(entities, id, policy, MS);
    }
    assert_eq!(queue.slice_end_ns(entities), Some(10 * MS));
    assert_eq!(queue.pick(entities, MS, Previous::Runnable), Some(0));
}

#[test]
fn steal_takes_real_time_threads_first() {
    let (entities, mut queue) = waiting(&[nice(0), real_time(5), real_time(7), real_time(7)]);
    let entities = entities.as_slice();
    assert_eq!(queue.steal(entities, |id| id == 0, 3), None);
    assert_eq!(queue.steal(entities, |id| id != 2, 9), Some(3));
    let rest = [(); 4].map(|()| queue.steal(entities, |_| true, 1));
    assert_eq!(rest, [Some(2), Some(1), Some(0), None]);
}

#[test]
fn slice_is_used_up_at_most() {
    let (entities, mut queue) = waiting(&[real_time(5), real_time(5)]);
    let entities = entities.as_slice();
    assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(0));
    queue.update(entities, 1 << 40);
    assert_eq!(queue.slice_end_ns(entities), Some(1 << 40));
}

#[test]
fn equals_without_turns_wait_until_one_yields() {
    let fifo = |priority| Policy::Fifo(RealTimePriority::try_new(priority).expect("it exists"));
    let (entities, mut queue) = waiting(&[fifo(5), fifo(5), nice(0), real_time(5)]);
    let entities = entities.as_slice();
    assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(0));
    assert_eq!(queue.slice_end_ns(entities), None);
    queue.update(entities, 60_000 * MS);
    assert!(!queue.should_preempt(entities));
    assert_eq!(queue.pick(entities, 60_000 * MS, Previous::Runnable), Some(0));
    assert_eq!(queue.pick(entities, 60_000 * MS, Previous::Yielding), Some(1));
    assert_eq!(queue.pick(entities, 60_000 * MS, Previous::Blocked), Some(3));
    // One in turns gives way to an equal without.
    assert_eq!(queue.pick(entities, 60_010 * MS, Previous::Runnable), Some(0));
}
