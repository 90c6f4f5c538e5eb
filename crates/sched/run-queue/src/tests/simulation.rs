//! Whole machines: shares, waits, and idle CPUs while threads wait.

use std::vec::Vec;

use super::cpu::Habit;
use super::machine::{Machine, WORDS};
use super::threads::{Random, nice, real_time, slice};
use crate::{CpuSet, Nice, Slice};

const MS: u64 = 1_000_000;
const S: u64 = 1000 * MS;

/// Asserts that CPUs were idle for less than a thousandth of the time while a
/// thread waited that they could run.
fn assert_little_wasted(machine: &Machine, cpus: usize) {
    let all_ns = cpus as u64 * machine.now_ns;
    assert!(machine.wasted_ns <= all_ns / 1000, "{} ns of {all_ns}", machine.wasted_ns);
}

/// Asserts that each CPU was idle or ran a thread, at any time.
fn assert_nothing_lost(machine: &Machine, cpus: usize) {
    let ran_ns: u64 = machine.entities.iter().map(|entity| entity.run_time_ns()).sum();
    assert_eq!(ran_ns + machine.idle_ns, cpus as u64 * machine.now_ns);
}

#[test]
fn equal_hogs_spread_out_and_get_equal_shares() {
    for (cpus, hogs, end_ns) in [
        (1, 200, 20 * S),
        (4, 64, 4 * S),
        (16, 40, 4 * S),
        (64, 1000, 2 * S),
        (1024, 512, S),
        (1024, 1024, S),
        (1024, 1500, S),
        (1024, 100_000, S),
    ] {
        let mut machine = Machine::new(cpus);
        for hog in 0..hogs {
            // All come from one CPU, as after a `fork` each.
            machine.add(nice(0), Habit::Hog, CpuSet::first(cpus), hog.into());
        }
        machine.run(end_ns);
        assert_little_wasted(&machine, cpus);
        assert_nothing_lost(&machine, cpus);

        let (fewest, most) = (hogs / cpus as u32, hogs.div_ceil(cpus as u32));
        let loads = machine.loads();
        assert!(loads.iter().all(|load| (fewest..=most).contains(load)), "{cpus} {hogs}");
        let slice_ns = u64::from(Slice::BASE.length_ns());
        let turn_ns = slice_ns * u64::from(most);
        for hog in 0..hogs {
            // Up to two slices of lag, at both ends, and what was before it was spread.
            let least_ns = (end_ns / u64::from(most)).saturating_sub(3 * slice_ns);
            let most_ns = end_ns / u64::from(fewest.max(1)) + 3 * slice_ns;
            let ran_ns = machine.ran_ns(hog);
            assert!((least_ns..=most_ns).contains(&ran_ns), "{cpus} {hogs}: {ran_ns} ns");
            let wait_ns = machine.longest_wait_ns(hog);
            assert!(wait_ns <= 2 * turn_ns + 6 * slice_ns, "{cpus} {hogs}: waited {wait_ns} ns");
        }
    }
}

#[test]
fn shares_of_different_weights_are_near_the_ideal() {
    // On one CPU to a few slices; on many, each has another mix of weights, as
    // threads are spread by their number.
    for (cpus, hogs, least, most) in
        [(1, 100, 0.96, 1.04), (2, 100, 0.94, 1.06), (16, 1000, 0.8, 1.3), (64, 3200, 0.7, 1.4)]
    {
        let mut machine = Machine::new(cpus);
        let nice_of = |hog: u32| (hog % 11) as i8 - 5;
        let weight = |hog| {
            f64::from(Nice::try_new(nice_of(hog)).expect("the test names one that exists").weight())
        };
        for hog in 0..hogs {
            let policy = nice(nice_of(hog));
            machine.add(policy, Habit::Hog, CpuSet::first(cpus), hog.into());
        }
        machine.run(20 * S);
        assert_nothing_lost(&machine, cpus);
        let all_ns = 20.0 * S as f64 * cpus as f64;
        let load: f64 = (0..hogs).map(weight).sum();
        for hog in 0..hogs {
            let share = machine.ran_ns(hog) as f64 / (all_ns * weight(hog) / load);
            assert!((least..=most).contains(&share), "{cpus} {hogs}: {share}");
        }
    }
}

/// Returns the smallest and the largest share of `ids`, of what they had by their weights if
/// the machine were one CPU.
fn shares(machine: &Machine, ids: &[(u32, i8)]) -> (f64, f64) {
    let weight = |nice| f64::from(Nice::try_new(nice).expect("it exists").weight());
    let load: f64 = ids.iter().map(|(_, nice)| weight(*nice)).sum();
    let ran_ns: f64 = ids.iter().map(|(id, _)| machine.ran_ns(*id) as f64).sum();
    let shares =
        ids.iter().map(|(id, nice)| machine.ran_ns(*id) as f64 / (ran_ns * weight(*nice) / load));
    shares.fold((f64::MAX, 0.0), |(least, most), share| (least.min(share), most.max(share)))
}

#[test]
fn threads_that_no_cpu_divides_evenly_take_turns() {
    for (cpus, nices) in [
        (2, [0; 3].as_slice()),
        (2, &[0; 7]),
        (2, &[1, 1, 0]),
        (2, &[-3, -3, 0]),
        (2, &[5, 5, 5, 0, 0]),
        (4, &[0; 5]),
        (4, &[0; 7]),
        (8, &[0; 13]),
    ] {
        let mut machine = Machine::new(cpus);
        let add = |&nice_value: &i8| {
            (machine.add(nice(nice_value), Habit::Hog, CpuSet::first(cpus), 0), nice_value)
        };
        let ids: Vec<_> = nices.iter().map(add).collect();
        machine.run(10 * S);
        assert_nothing_lost(&machine, cpus);
        let (least, most) = shares(&machine, &ids);
        assert!(least > 0.9 && most < 1.1, "{cpus} CPUs, {nices:?}: {least} to {most}");
        // Each move costs caches.
        assert!(machine.moves < 125 * 10 * cpus as u64, "{} moves", machine.moves);
    }
}

#[test]
fn cpu_that_is_busy_with_one_thread_gets_some_of_six() {
    let mut machine = Machine::new(2);
    let only = |cpu| {
        let mut only = CpuSet::new();
        only.try_insert(cpu).expect("there is room");
        only
    };
    let mut ids = std::vec![(machine.add(nice(0), Habit::Hog, only(1), 0), 0)];
    ids.extend((0..6).map(|_| (machine.add(nice(0), Habit::Hog, only(0), 0), 0)));
    machine.run(S);
    assert_eq!(machine.loads(), [6, 1]);
    machine.allow_all();
    machine.run(S + 200 * MS);
    assert!(machine.loads().iter().all(|len| (3..=4).contains(len)), "{:?}", machine.loads());
    machine.run(20 * S);
    let (least, most) = shares(&machine, &ids);
    // The first second's difference fades.
    assert!(least > 0.9 && most < 1.2, "{least} to {most}");
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Hog,
    /// Sleeps mostly, with the base slice.
    Sleeper,
    /// Sleeps mostly, with a short slice.
    Brisk,
    RealTime,
}

/// Adds threads of all kinds and nice values -5 to 5, a tenth of them bound to a few
/// CPUs; returns the kind of each.
fn add_mix(machine: &mut Machine, cpus: usize, threads: u64) -> Vec<Kind> {
    let mut random = Random(5);
    let kinds = (0..threads).map(|thread| {
        let kind = match random.below(60) {
            0..20 => Kind::Hog,
            20..40 => Kind::Sleeper,
            40..59 => Kind::Brisk,
            _ => Kind::RealTime,
        };
        let (habit, policy) = match kind {
            Kind::Hog => (Habit::Hog, nice(random.below(11) as i8 - 5)),
            Kind::RealTime => {
                let habit = Habit::Random { run_ns: MS, sleep_ns: 80 * MS };
                (habit, real_time(1 + random.below(3) as u8))
            }
            Kind::Sleeper => {
                let habit = Habit::Random { run_ns: 2 * MS, sleep_ns: 50 * MS };
                (habit, nice(random.below(11) as i8 - 5))
            }
            Kind::Brisk => {
                let habit = Habit::Sleeper { run_ns: 300_000, sleep_ns: 10 * MS };
                (habit, nice(random.below(11) as i8 - 5))
            }
        };
        let mut allowed = CpuSet::first(cpus);
        if random.below(10) == 0 {
            allowed = CpuSet::<WORDS>::new();
            for _ in 0..4 {
                let cpu = random.below(cpus as u64) as usize;
                allowed.try_insert(cpu).expect("there is room for all");
            }
        }
        let id = machine.add(policy, habit, allowed, thread * 100);
        if kind == Kind::Brisk {
            machine.entities[id as usize].set_slice(slice(300_000));
        }
        kind
    });
    kinds.collect()
}

#[test]
fn waits_in_a_mix_of_threads_are_bounded_and_no_cpu_is_left_idle() {
    for (cpus, threads, end_ns) in [
        (1, 100, 5 * S),
        (4, 100, 2 * S),
        (64, 300, S),
        (64, 3000, S),
        (256, 1000, S),
        (1000, 10_000, S / 4),
        (1024, 100_000, S / 8),
    ] {
        let mut machine = Machine::new(cpus);
        let kinds = add_mix(&mut machine, cpus, threads);
        machine.run(end_ns);
        assert_little_wasted(&machine, cpus);
        assert_nothing_lost(&machine, cpus);
        let turns = u64::from(*machine.loads().iter().max().expect("there are CPUs"));
        let slice_ns = u64::from(Slice::BASE.length_ns());
        for (id, kind) in (0..).zip(kinds) {
            let bound_ns = match kind {
                // A round of nice 5 is that of nice 0, by the average of the weights, 3.8
                // times; the lag is two slices at most.
                Kind::Hog | Kind::Sleeper => 2 * 4 * (turns + 2) * slice_ns,
                Kind::Brisk => (turns + 4) * slice_ns,
                // Nobody has to wait for more than a few others, which run 1 ms.
                Kind::RealTime => 5 * MS,
            };
            let wait_ns = machine.longest_wait_ns(id);
            assert!(wait_ns <= bound_ns, "{cpus} {threads}: {wait_ns} ns, not {bound_ns}");
        }
    }
}

#[test]
fn bound_threads_stay_where_they_may_run_and_share_that() {
    let cpus = 8;
    let mut machine = Machine::new(cpus);
    let mut only_last = CpuSet::<WORDS>::new();
    only_last.try_insert(7).expect("there is room for all");
    let bound: Vec<u32> = (0..4).map(|_| machine.add(nice(0), Habit::Hog, only_last, 0)).collect();
    let free: Vec<u32> =
        (0..7).map(|_| machine.add(nice(0), Habit::Hog, CpuSet::first(cpus), 1)).collect();
    machine.run(4 * S);
    assert_nothing_lost(&machine, cpus);
    assert_eq!(machine.loads(), [1, 1, 1, 1, 1, 1, 1, 4]);
    for id in bound {
        assert!(machine.ran_ns(id).abs_diff(S) <= 6 * MS, "{} ns", machine.ran_ns(id));
    }
    for id in free {
        assert!(machine.ran_ns(id) >= 3900 * MS, "{} ns", machine.ran_ns(id));
    }
}

#[test]
fn threads_that_sleep_run_at_once_while_there_are_idle_cpus() {
    let cpus = 128;
    let mut machine = Machine::new(cpus);
    for thread in 0..400 {
        let habit = Habit::Random { run_ns: MS, sleep_ns: 8 * MS };
        machine.add(nice(0), habit, CpuSet::first(cpus), thread * 100_000);
    }
    machine.run(S);
    assert_nothing_lost(&machine, cpus);
    let waits_ns = (0..400).map(|id| machine.longest_wait_ns(id)).max();
    assert_eq!((waits_ns, machine.wasted_ns), (Some(0), 0));
}
