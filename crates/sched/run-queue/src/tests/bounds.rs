//! Lag, shares and waits stay within the bounds of the theory.

use super::cpu::{Habit, SchedCpu};
use super::threads::{Random, nice, slice};
use crate::{Nice, Policy, QueueState, RunQueue, Slice};

const MS: u64 = 1_000_000;
const S: u64 = 1000 * MS;

/// Runs `count` threads with nice values and slices at random; returns the longest
/// slice in nanoseconds.
fn add_random(cpu: &mut SchedCpu, random: &mut Random, count: u64, sleepers: u64) -> f64 {
    let mut longest = Slice::MIN;
    for id in 0..count {
        let slice = slice(100_000 + random.below(8_000_000) as u32);
        longest = longest.max(slice);
        let nice = nice(random.below(40) as i8 - 20);
        let habit = Habit::Random { run_ns: 5 * MS, sleep_ns: 20 * MS };
        cpu.add(nice, slice, if id < sleepers { habit } else { Habit::Hog });
    }
    longest.length_ns().into()
}

/// Asserts that the lag of each thread is within the bounds, in nanoseconds.
fn assert_lags(cpu: &SchedCpu, least: impl Fn(f64) -> f64, most: f64) {
    let on_queue = (0..).zip(&cpu.entities).filter(|(_, entity)| entity.state() != QueueState::Off);
    for (id, entity) in on_queue {
        let (lag, least) = (cpu.lag_ns(id), least(entity.slice().length_ns().into()));
        assert!((least..=most).contains(&lag), "lag {lag} ns isn't in {least} to {most}");
    }
}

#[test]
fn lag_of_steady_threads_is_less_than_the_longest_slice() {
    for seed in 1..40 {
        let mut random = Random(seed * 7919);
        let mut cpu = SchedCpu::new(RunQueue::new());
        let count = 2 + random.below(30);
        let longest = add_random(&mut cpu, &mut random, count, 0);
        let mut events = 0;
        cpu.run_until(u64::MAX, |cpu| {
            // A slice ends at the next whole nanosecond, an eligible thread may be ahead
            // by a unit of virtual time, 89 ns of the greatest weight.
            assert_lags(cpu, |own| -own - 90.0, longest + 90.0);
            events += 1;
            events == 3000
        });

        // So who was ahead by its slice has waited until it was behind by the longest.
        let load = cpu.queue.load() as f64;
        for (id, entity) in (0..).zip(&cpu.entities) {
            let own = f64::from(entity.slice().length_ns());
            let bound = (own + longest + 180.0) * load / f64::from(entity.weight());
            let wait = cpu.longest_wait_ns(id) as f64;
            assert!(wait <= bound, "{wait} ns, the bound is {bound}");
        }
    }
}

#[test]
fn lag_of_threads_that_come_and_go_is_less_than_twice_the_longest_slice() {
    for seed in 1..60 {
        let mut random = Random(seed * 104_729);
        let mut cpu = SchedCpu::new(RunQueue::new());
        let count = 2 + random.below(40);
        let sleepers = random.below(count + 1);
        let longest = add_random(&mut cpu, &mut random, count, sleepers);
        let mut events = 0;
        cpu.run_until(u64::MAX, |cpu| {
            assert_lags(cpu, |_| -2.0 * longest, 2.0 * longest);
            events += 1;
            if events % 16 == 0 {
                disturb(cpu, &mut random, count);
            }
            events == 3000
        });
        let load: f64 = cpu.entities.iter().map(|entity| f64::from(entity.weight())).sum();
        for id in 0..count as u32 {
            // The weight may have changed while it waited, so it is that of nice 19.
            let bound = 4.0 * longest * load / f64::from(Nice::MAX.weight());
            let wait = cpu.longest_wait_ns(id) as f64;
            assert!(wait <= bound, "{wait} ns, the bound is {bound}");
        }
    }
}

/// Changes the nice value or the slice of a thread, or moves one away and back.
fn disturb(cpu: &mut SchedCpu, random: &mut Random, count: u64) {
    let id = random.below(count) as u32;
    let (entities, now_ns) = (cpu.entities.as_slice(), cpu.now_ns);
    let entity = &entities[id as usize];
    match (entity.state(), random.below(3)) {
        (QueueState::Waiting, 0) => {
            cpu.queue.dequeue(entities, id);
            cpu.queue.enqueue(entities, id, crate::Start::Woken, now_ns);
        }
        (QueueState::Waiting | QueueState::Running, 1) => {
            let policy = nice(random.below(40) as i8 - 20);
            cpu.queue.set_policy(entities, id, policy, now_ns);
        }
        _ => entity.set_slice(slice(100_000 + random.below(7_000_000) as u32)),
    }
}

#[test]
fn shares_are_by_weight() {
    let mut cpu = SchedCpu::new(RunQueue::new());
    let nices = [-20, -10, -5, 0, 0, 1, 5, 10, 19, 19];
    for nice in nices {
        cpu.add_hog(nice);
    }
    let end_ns = 20 * S;
    cpu.run(end_ns);
    let load: u64 = cpu.queue.load();
    for (id, nice) in (0..).zip(nices) {
        let weight = u64::from(Nice::try_new(nice).expect("it exists").weight());
        let ideal_ns = end_ns * weight / load;
        let ran_ns = cpu.ran_ns(id);
        assert!(ran_ns.abs_diff(ideal_ns) <= 3 * MS, "nice {nice}: {ran_ns} ns of {ideal_ns}");
    }
    assert_eq!((0..10).map(|id| cpu.ran_ns(id)).sum::<u64>(), end_ns);
}

#[test]
fn equal_threads_take_turns() {
    let mut cpu = SchedCpu::new(RunQueue::new());
    for _ in 0..4 {
        cpu.add_hog(0);
    }
    cpu.run(60 * MS - 1);
    let turns: std::vec::Vec<u32> = (0..20).map(|turn| turn % 4).collect();
    assert_eq!(cpu.history, turns);
}

#[test]
fn waits_are_within_the_sum_of_weights_over_the_weight() {
    for count in [2, 10, 100] {
        let mut cpu = SchedCpu::new(RunQueue::new());
        for id in 0..count {
            cpu.add_hog(if id % 3 == 0 { 0 } else { 3 });
        }
        cpu.run(4 * S);
        let slice_ns = u64::from(Slice::BASE.length_ns());
        for id in 0..count {
            let turns = cpu.queue.load() / u64::from(cpu.entities[id].weight()) + 1;
            let wait_ns = cpu.longest_wait_ns(id as u32);
            assert!(wait_ns <= 2 * turns * slice_ns, "{wait_ns} ns for {turns} turns");
        }
    }
}

#[test]
fn short_slices_wait_less_and_get_the_same_share() {
    let mut cpu = SchedCpu::new(RunQueue::new());
    for _ in 0..9 {
        cpu.add_hog(0);
    }
    let short = cpu.add(nice(0), slice(300_000), Habit::Hog);
    cpu.run(3 * S);
    assert!(cpu.ran_ns(short).abs_diff(300 * MS) <= 3 * MS);
    assert!(cpu.longest_wait_ns(short) <= 7 * MS);
    assert!(cpu.longest_wait_ns(0) >= 20 * MS);
}

#[test]
fn short_sleepers_get_no_more_than_their_share() {
    // It comes back before a hog's slice is over, and always with the earliest
    // deadline. Its debt is what holds it back.
    for (run_us, sleep_us) in [(100, 100), (100, 10), (50, 1), (90, 1000), (1000, 2000)] {
        let mut cpu = SchedCpu::new(RunQueue::new());
        for _ in 0..3 {
            cpu.add_hog(0);
        }
        let habit = Habit::Sleeper { run_ns: run_us * 1000, sleep_ns: sleep_us * 1000 };
        let sleeper = cpu.add(nice(0), Slice::MIN, habit);
        cpu.run(2 * S);
        let ran_ns = cpu.ran_ns(sleeper);
        assert!(ran_ns <= S / 2 + 4 * MS, "{run_us} µs then {sleep_us} µs: {ran_ns} ns");
    }
}

#[test]
fn debt_is_forgiven_as_fast_as_it_would_be_made_up_for() {
    // Two equals: the one that runs 3 ms is 1.5 ms ahead, which 3 ms asleep forgive.
    for (sleep_ns, lag_ns) in [(0, -1.5e6), (MS, -1.0e6), (3 * MS, 0.0), (9 * MS, 0.0)] {
        let mut cpu = SchedCpu::new(RunQueue::new());
        let sleeper =
            cpu.add(nice(0), slice(4_000_000), Habit::Sleeper { run_ns: 3 * MS, sleep_ns });
        cpu.add(nice(0), slice(4_000_000), Habit::Hog);
        let is_off = |cpu: &mut SchedCpu| cpu.entities[sleeper as usize].state() == QueueState::Off;
        cpu.run_until(S, is_off);
        cpu.run_until(S, |cpu| !is_off(cpu));
        let lag = cpu.lag_ns(sleeper);
        assert!((lag - lag_ns).abs() < 10.0, "{lag} ns behind {sleep_ns} ns");
    }
}

#[test]
fn changes_of_nice_give_no_time() {
    let mut cpu = SchedCpu::new(RunQueue::new());
    let changer = cpu.add_hog(0);
    cpu.add_hog(0);
    let mut is_nice = false;
    cpu.run_until(2 * S, |cpu| {
        is_nice = !is_nice;
        let policy = nice(if is_nice { 1 } else { 0 });
        let (entities, now_ns) = (cpu.entities.as_slice(), cpu.now_ns);
        cpu.queue.set_policy(entities, changer, policy, now_ns);
        false
    });
    let ran_ns = cpu.ran_ns(changer);
    assert!((S * 8 / 10..=S + 3 * MS).contains(&ran_ns), "{ran_ns} ns");
}

#[test]
fn yielders_leave_the_time_to_a_hog() {
    let mut cpu = SchedCpu::new(RunQueue::new());
    let hog = cpu.add_hog(0);
    for _ in 0..3 {
        cpu.add(nice(0), Slice::BASE, Habit::Yielder { run_ns: 1000 });
    }
    cpu.run(S);
    assert!(cpu.ran_ns(hog) >= S * 95 / 100, "{} ns", cpu.ran_ns(hog));
}

#[test]
fn only_yielders_take_turns() {
    let mut cpu = SchedCpu::new(RunQueue::new());
    for _ in 0..3 {
        cpu.add(Policy::default(), Slice::BASE, Habit::Yielder { run_ns: 1000 });
    }
    cpu.run(MS);
    let longest = (0..3).map(|id| cpu.longest_wait_ns(id)).max();
    assert!(longest <= Some(4000), "{longest:?} ns");
}
