//! Single rules of the fair class.

use std::vec::Vec;

use super::cpu::{Habit, SchedCpu};
use super::threads::{entities, nice, queue_at, slice};
use crate::{Nice, Policy, Previous, QueueState, RunQueue, SchedEntity, Slice, Start};

const MS: u64 = 1_000_000;

/// Returns a queue with `count` hogs of nice 0, the first of them running.
fn running(count: usize) -> (Vec<SchedEntity>, RunQueue) {
    let (entities, mut queue) = (entities(count), RunQueue::new());
    for id in 0..count as u32 {
        queue.enqueue(entities.as_slice(), id, Start::New, 0);
    }
    assert_eq!(queue.pick(entities.as_slice(), 0, Previous::Runnable), Some(0));
    (entities, queue)
}

#[test]
fn empty_queue_is_idle() {
    let (entities, mut queue) = (entities(1), RunQueue::default());
    let entities = entities.as_slice();
    for previous in [Previous::Runnable, Previous::Yielding, Previous::Blocked] {
        assert_eq!(queue.pick(entities, 5, previous), None);
    }
    assert_eq!((queue.current(), queue.len(), queue.load()), (None, 0, 0));
    assert!(queue.is_empty() && !queue.should_preempt(entities));
    assert_eq!(queue.slice_end_ns(entities), None);
    assert_eq!(queue.steal(entities, |_| true, 9), None);
    queue.enqueue(entities, 0, Start::New, 5);
    assert!(queue.should_preempt(entities));
    assert_eq!(queue.slice_end_ns(entities), None);
}

#[test]
fn states_follow_the_thread() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    let states = || [entities[0].state(), entities[1].state()];
    assert_eq!(states(), [QueueState::Running, QueueState::Waiting]);
    assert_eq!(queue.pick(entities, 3 * MS, Previous::Runnable), Some(1));
    assert_eq!(states(), [QueueState::Waiting, QueueState::Running]);
    assert_eq!(queue.pick(entities, 4 * MS, Previous::Blocked), Some(0));
    assert_eq!(states(), [QueueState::Running, QueueState::Off]);
    assert_eq!((queue.len(), queue.load()), (1, 1024));
    assert_eq!(queue.pick(entities, 5 * MS, Previous::Blocked), None);
    assert_eq!((queue.len(), queue.load(), queue.current()), (0, 0, None));
    assert_eq!((entities[0].run_time_ns(), entities[1].run_time_ns()), (4 * MS, MS));
}

#[test]
fn only_thread_runs_without_an_end() {
    let (entities, mut queue) = running(1);
    let entities = entities.as_slice();
    queue.update(entities, 50 * MS);
    assert_eq!(queue.slice_end_ns(entities), None);
    assert!(!queue.should_preempt(entities));
    for previous in [Previous::Runnable, Previous::Yielding] {
        assert_eq!(queue.pick(entities, 60 * MS, previous), Some(0));
    }
    // A yield to nobody costs nothing.
    assert_eq!(entities[0].tree.vruntime.get(), 60 * MS);
}

#[test]
fn thread_that_ran_alone_gives_way_at_once_to_one_that_wakes() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    queue.dequeue(entities, 1);
    queue.update(entities, 20 * MS);
    queue.enqueue(entities, 1, Start::Woken, 21 * MS);
    assert!(queue.should_preempt(entities));
    assert_eq!(queue.pick(entities, 21 * MS, Previous::Runnable), Some(1));
    // It has its slice then.
    assert_eq!(queue.slice_end_ns(entities), Some(24 * MS));
}

#[test]
fn slice_ends_when_others_wait_and_a_long_one_is_looked_at() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    assert_eq!(queue.slice_end_ns(entities), Some(3 * MS));
    queue.update(entities, MS);
    assert_eq!(queue.slice_end_ns(entities), Some(3 * MS));
    queue.update(entities, 3 * MS - 1);
    assert!(!queue.should_preempt(entities));
    queue.update(entities, 3 * MS);
    assert!(queue.should_preempt(entities));
    assert_eq!(queue.slice_end_ns(entities), Some(3 * MS));
    entities[0].set_slice(slice(7_000_000));
    entities[1].set_slice(slice(7_000_000));
    assert_eq!(queue.pick(entities, 3 * MS, Previous::Runnable), Some(1));
    assert_eq!(queue.slice_end_ns(entities), Some(6 * MS));
    // The new slice is from the next turn on.
    assert_eq!(queue.pick(entities, 6 * MS, Previous::Runnable), Some(0));
    assert_eq!(queue.slice_end_ns(entities), Some(9 * MS));
    queue.update(entities, 9 * MS);
    assert_eq!(queue.slice_end_ns(entities), Some(12 * MS));
    assert!(!queue.should_preempt(entities));
    queue.update(entities, 12 * MS);
    assert_eq!(queue.slice_end_ns(entities), Some(13 * MS));
}

#[test]
fn earlier_deadline_preempts_only_if_eligible() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    assert_eq!(queue.pick(entities, MS, Previous::Blocked), Some(1));
    entities[0].set_slice(slice(500_000));
    // It is 0.5 ms ahead of its share, and is held back for that.
    queue.enqueue(entities, 0, Start::Woken, MS);
    assert!(!queue.should_preempt(entities));
    queue.update(entities, 2 * MS - 1);
    assert!(!queue.should_preempt(entities));
    queue.update(entities, 2 * MS);
    assert!(queue.should_preempt(entities));
    assert_eq!(queue.pick(entities, 2 * MS, Previous::Runnable), Some(0));
}

#[test]
fn sleeper_takes_along_one_slice_at_most() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    // Nobody looked at the running one for 40 ms, so the other is 20 ms behind.
    entities[1].set_slice(slice(2_000_000));
    assert_eq!(queue.pick(entities, 40 * MS, Previous::Runnable), Some(1));
    assert_eq!(queue.pick(entities, 40 * MS, Previous::Blocked), Some(0));
    queue.enqueue(entities, 1, Start::Woken, 90 * MS);
    let lag = queue.fair.leave(&entities[1]);
    assert_eq!(lag >> 10, 2_000_000);
}

#[test]
fn moved_thread_takes_its_lag_along() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    queue.update(entities, 40 * MS);
    queue.dequeue(entities, 1);
    let mut other = queue_at(77);
    let three = SchedEntity::new(nice(5));
    let pair = [SchedEntity::default(), three];
    other.enqueue(pair.as_slice(), 1, Start::New, 40 * MS);
    pair[0].depart(20 * 1024 * MS as i64);
    other.enqueue(pair.as_slice(), 0, Start::Woken, 99_000 * MS);
    assert_eq!((other.fair.leave(&pair[0]) + 1) >> 10, 20 * MS as i64);
    assert_eq!(entities[1].lag_on_return(99_000 * MS) >> 10, 20 * MS as i64);
}

#[test]
fn moved_thread_takes_no_absurd_lag_along() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    // Nobody looked at the running one for hours.
    queue.update(entities, 1 << 44);
    queue.dequeue(entities, 1);
    entities[1].set_policy(nice(-20));
    queue.enqueue(entities, 1, Start::Woken, 1 << 44);
    let lag = queue.fair.time.leave(entities[1].weight(), entities[1].position());
    assert_eq!((lag + 1) >> 10, 1 << 31);
}

#[test]
fn new_thread_has_no_lag() {
    let (entities, mut queue) = running(3);
    let entities = entities.as_slice();
    queue.update(entities, 30 * MS);
    queue.dequeue(entities, 1);
    queue.enqueue(entities, 1, Start::New, 30 * MS);
    assert_eq!(entities[1].tree.vruntime.get(), queue.fair.time.floor());
}

#[test]
fn debt_is_forgiven_in_the_end() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    // 100 s ahead, in the worst company: it would take days to make up for it.
    entities[1].set_slice(Slice::MAX);
    queue.set_policy(entities, 1, nice(-20), 0);
    assert_eq!(queue.pick(entities, 100_000 * MS, Previous::Blocked), Some(1));
    let debt_ns = |now_ns| entities[0].lag_on_return(now_ns) >> 10;
    assert_eq!(debt_ns(100_000 * MS), -(1 << 31));
    assert!(debt_ns(160_000 * MS) < -1_000_000_000);
    assert_eq!(debt_ns(170_000 * MS), 0);
    // A clock that goes backwards forgives nothing.
    assert_eq!(debt_ns(0), debt_ns(100_000 * MS));
}

#[test]
fn yield_lets_another_go_first() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    for turn in 1..50_u64 {
        let next = queue.pick(entities, turn * 1000, Previous::Yielding);
        assert_eq!(next, Some(turn as u32 % 2));
    }
}

#[test]
fn yield_of_one_that_is_ahead_costs_nothing() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    assert_eq!(queue.pick(entities, MS, Previous::Yielding), Some(1));
    assert_eq!(entities[0].tree.vruntime.get(), MS);
    // Now the yielding one is behind, and gives up its request.
    assert_eq!(queue.pick(entities, MS, Previous::Yielding), Some(0));
    assert_eq!(entities[1].tree.vruntime.get(), 3 * MS);
}

#[test]
fn order_does_not_depend_on_where_virtual_time_is() {
    let history = |origin| {
        let mut cpu = SchedCpu::new(queue_at(origin));
        for nice in [-3, 0, 0, 4, 9, 19] {
            cpu.add_hog(nice);
            let habit = Habit::Random { run_ns: 4 * MS, sleep_ns: 30 * MS };
            cpu.add(super::threads::nice(nice), slice(1_000_000), habit);
        }
        cpu.run(3000 * MS);
        assert!(cpu.queue.fair.time.floor().wrapping_sub(origin) > 100 * MS);
        cpu.history
    };
    let expected = history(0);
    assert!(expected.len() > 1000);
    for origin in [u64::MAX, u64::MAX - 20 * MS, (1 << 63) - 1, (1 << 63) - 20 * MS] {
        assert_eq!(history(origin), expected);
    }
}

#[test]
fn nothing_is_lost_by_rounding() {
    // 7 ns are less than a unit of virtual time of the greatest weight.
    for nice in [-20, -1, 0, 19] {
        let (entities, mut queue) = running(3);
        let entities = entities.as_slice();
        queue.set_policy(entities, 0, super::threads::nice(nice), 0);
        for step in 1..=100_000 {
            queue.update(entities, step * 7);
        }
        let weight = entities[0].weight();
        let position = entities[0].position();
        let service = position.vruntime * u64::from(weight) + u64::from(position.remainder);
        assert_eq!(service, 700_000 * 1024);
        let time = &queue.fair.time;
        assert_eq!(time.floor() * time.load() + time.rest(), 700_000 * 1024);
    }
}

#[test]
fn thread_alone_for_years_gives_way() {
    let entities = [SchedEntity::new(nice(19)), SchedEntity::new(nice(19))];
    let (entities, mut queue) = (entities.as_slice(), RunQueue::new());
    queue.enqueue(entities, 0, Start::New, 0);
    queue.pick(entities, 0, Previous::Runnable);
    // Six years in steps of an hour: its vruntime goes more than half of the way around.
    let hour_ns = 3_600_000 * MS;
    let years_ns = 6 * 365 * 24 * hour_ns;
    for now_ns in (0..years_ns).step_by(hour_ns as usize) {
        queue.update(entities, now_ns);
        assert!(!queue.should_preempt(entities));
    }
    queue.enqueue(entities, 1, Start::New, years_ns);
    assert!(queue.should_preempt(entities));
    assert_eq!(queue.pick(entities, years_ns, Previous::Runnable), Some(1));
    assert_eq!(queue.slice_end_ns(entities), Some(years_ns + 3 * MS));
    assert_eq!(queue.pick(entities, years_ns + 3 * MS, Previous::Runnable), Some(0));
    assert_eq!(queue.slice_end_ns(entities), Some(years_ns + 6 * MS));
}

#[test]
fn absurd_times_are_survived() {
    let (entities, mut queue) = running(3);
    let entities = entities.as_slice();
    queue.update(entities, u64::MAX);
    assert!(queue.should_preempt(entities));
    assert_eq!(queue.pick(entities, u64::MAX, Previous::Runnable), Some(1));
    // Back in time nothing is charged.
    assert_eq!(queue.pick(entities, 0, Previous::Blocked), Some(2));
    assert_eq!(entities[1].run_time_ns(), 0);
    queue.enqueue(entities, 1, Start::Woken, 7);
    assert_eq!(queue.pick(entities, 8, Previous::Blocked), Some(1));
    assert_eq!(entities[2].run_time_ns(), 0);
}

#[test]
fn change_of_nice_keeps_what_is_left_of_the_request() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    // To the unit of virtual time that deadlines are rounded to, 3 ns at nice -5.
    for (nice, load) in [(5, 1024 + 335), (-5, 1024 + 3121), (0, 2048)] {
        queue.set_policy(entities, 0, super::threads::nice(nice), MS);
        assert_eq!((queue.load(), entities[0].run_time_ns()), (load, MS));
        let end_ns = queue.slice_end_ns(entities).expect("another waits");
        assert!((3 * MS - 10..=3 * MS).contains(&end_ns), "{end_ns}");
    }
}

#[test]
fn steal_takes_the_latest_deadline_that_it_may() {
    let (entities, mut queue) = (entities(6), RunQueue::new());
    let entities = entities.as_slice();
    for (id, ms) in [(0, 1), (1, 5), (2, 3), (3, 2), (4, 4)] {
        entities[id].set_slice(slice(ms * 1_000_000));
        queue.enqueue(entities, id as u32, Start::New, 0);
    }
    queue.pick(entities, 0, Previous::Runnable);
    assert_eq!(queue.steal(entities, |_| true, 0), None);
    assert_eq!(queue.steal(entities, |id| id == 2, 2), None);
    assert_eq!(queue.steal(entities, |id| id == 2, 3), Some(2));
    assert_eq!(queue.steal(entities, |_| true, 1), Some(1));
    assert_eq!(queue.steal(entities, |_| true, 1), Some(4));
    assert_eq!(queue.steal(entities, |_| true, 1), Some(3));
    // The running one stays.
    assert_eq!(queue.steal(entities, |_| true, 9), None);
    assert_eq!((queue.len(), queue.current()), (1, Some(0)));
    assert_eq!(entities[2].state(), QueueState::Off);
}

#[test]
fn policy_of_a_thread_off_the_queues_is_changed_on_its_node() {
    let entity: SchedEntity = SchedEntity::new(nice(3));
    assert_eq!((entity.policy(), entity.slice()), (nice(3), Slice::BASE));
    entity.set_policy(super::threads::real_time(7));
    assert_eq!((entity.policy(), entity.weight()), (super::threads::real_time(7), 0));
    entity.set_policy(Policy::default());
    assert_eq!((entity.policy(), entity.weight()), (nice(0), 1024));
}

#[test]
#[should_panic(expected = "the thread is on a queue already")]
fn second_entry_panics() {
    let (entities, mut queue) = running(1);
    queue.enqueue(entities.as_slice(), 0, Start::Woken, 0);
}

#[test]
#[should_panic(expected = "the thread doesn't wait")]
fn removal_of_the_running_one_panics() {
    let (entities, mut queue) = running(1);
    queue.dequeue(entities.as_slice(), 0);
}

#[test]
#[should_panic(expected = "the thread is on no queue")]
fn change_of_policy_off_the_queue_panics() {
    RunQueue::new().set_policy(entities(1).as_slice(), 0, nice(1), 0);
}

#[test]
#[should_panic(expected = "the queue has to know of the change")]
fn change_of_policy_behind_the_back_of_the_queue_panics() {
    let (entities, _queue) = running(1);
    entities[0].set_policy(nice(1));
}

/// Two threads wake each other in turns, and one of them is owed more than it uses: it preempts the
/// other one only after the shortest slice.
#[test]
fn thread_that_has_just_begun_to_run_is_not_preempted_by_lag() {
    let (entities, mut queue) = running(2);
    let entities = entities.as_slice();
    // The first one runs for a millisecond, which the other one is owed half of.
    let mut now_ns = MS;
    assert_eq!(queue.pick(entities, now_ns, Previous::Blocked), Some(1));
    for round in 0..100 {
        now_ns += 1000 + round % 7;
        queue.enqueue(entities, 0, Start::Woken, now_ns);
        assert!(!queue.should_preempt(entities), "round {round}");
        now_ns += 500;
        assert_eq!(queue.pick(entities, now_ns, Previous::Blocked), Some(0));
        now_ns += 1000;
        queue.enqueue(entities, 1, Start::Woken, now_ns);
        assert!(!queue.should_preempt(entities), "round {round}");
        assert_eq!(queue.pick(entities, now_ns, Previous::Blocked), Some(1));
    }
    queue.enqueue(entities, 0, Start::Woken, now_ns);
    assert_eq!(queue.pick(entities, now_ns, Previous::Blocked), Some(0));
    queue.enqueue(entities, 1, Start::Woken, now_ns);
    assert_eq!(queue.preempt_ns(entities), Some(now_ns + 100_000));
    queue.update(entities, now_ns + 99_999);
    assert!(!queue.should_preempt(entities));
    queue.update(entities, now_ns + 100_000);
    assert!(queue.should_preempt(entities));
}

#[test]
fn idle_and_batch_threads_wait_for_the_end_of_a_slice() {
    for (policy, preempts) in [
        (Policy::Fair(Nice::DEFAULT), true),
        (Policy::Batch(Nice::DEFAULT), false),
        (Policy::Idle, false),
    ] {
        let entities = [SchedEntity::new(Policy::DEFAULT), SchedEntity::new(policy)];
        let (entities, mut queue) = (entities.as_slice(), RunQueue::new());
        queue.enqueue(entities, 0, Start::New, 0);
        assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(0));
        // Its deadline would be earlier.
        entities[1].set_slice(Slice::MIN);
        queue.enqueue(entities, 1, Start::New, 0);
        queue.update(entities, MS);
        assert_eq!(queue.should_preempt(entities), preempts, "{policy:?}");
        queue.update(entities, 4 * MS);
        assert!(queue.should_preempt(entities), "{policy:?}");
    }
}
