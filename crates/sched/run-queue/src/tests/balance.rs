//! Where threads are placed, and from whom they are taken.

use core::cell::Cell;
use std::vec::Vec;

use proptest::prelude::*;

use crate::{CpuSet, Processors, place, victim};

const WORDS: usize = 16;

/// Loads of processors, which count how often they are looked at. Who has none is idle.
struct Loads {
    loads: Vec<u32>,
    looks: Cell<usize>,
}

impl Loads {
    fn new(loads: &[u32]) -> Self {
        Self { loads: loads.to_vec(), looks: Cell::new(0) }
    }

    fn idle(&self) -> CpuSet<WORDS> {
        let mut idle = CpuSet::new();
        for (cpu, load) in self.loads.iter().enumerate() {
            if *load == 0 {
                idle.try_insert(cpu).expect("there is room for all");
            }
        }
        idle
    }
}

impl Processors<WORDS> for Loads {
    fn count(&self) -> usize {
        self.loads.len()
    }

    fn load(&self, cpu: usize) -> u32 {
        self.looks.set(self.looks.get() + 1);
        self.loads[cpu]
    }

    fn first_idle(&self, allowed: &CpuSet<WORDS>, from: usize) -> Option<usize> {
        let idle = self.idle();
        allowed.first_common(|word| idle.words()[word], from)
    }
}

/// Returns the set of these processors.
fn set(cpus: &[usize]) -> CpuSet<WORDS> {
    let mut set = CpuSet::new();
    for cpu in cpus {
        set.try_insert(*cpu).expect("there is room for all");
    }
    set
}

/// A random number whose halves choose these of `count` allowed processors.
fn random(one: u32, two: u32, count: u32) -> u32 {
    ((one << 16).div_ceil(count)) << 16 | (two << 16).div_ceil(count)
}

#[test]
fn idle_processors_come_first() {
    let all = CpuSet::first(6);
    let some_idle = Loads::new(&[1, 0, 2, 1, 0, 3]);
    assert_eq!(place(&some_idle, &all, 1, 0, 0), 1);
    assert_eq!(place(&some_idle, &all, 2, 1, 0), 4);
    assert_eq!(place(&some_idle, &all, 5, 4, 0), 1);
    // An idle one that isn't allowed is none.
    assert_eq!(place(&some_idle, &set(&[0, 2, 4]), 1, 0, 0), 4);
    assert_eq!(place(&some_idle, &set(&[2, 5]), 1, 1, 0), 2);
}

#[test]
fn least_loaded_of_four_is_taken() {
    let busy = Loads::new(&[5, 4, 3, 2, 9, 1]);
    let all = CpuSet::first(6);
    assert_eq!(place(&busy, &all, 1, 4, random(0, 0, 6)), 1);
    assert_eq!(place(&busy, &all, 4, 2, random(0, 1, 6)), 2);
    assert_eq!(place(&busy, &all, 4, 0, random(3, 1, 6)), 3);
    assert_eq!(place(&busy, &all, 4, 0, random(3, 5, 6)), 5);
    assert_eq!(place(&busy, &set(&[0, 4]), 1, 5, random(1, 1, 2)), 4);
    assert_eq!(place(&busy, &set(&[0, 4]), 1, 5, random(1, 0, 2)), 0);
    // Of equals it is the last one of the thread.
    let equal = Loads::new(&[2; 6]);
    assert_eq!(place(&equal, &all, 3, 1, random(0, 5, 6)), 3);
    assert_eq!(place(&equal, &set(&[0, 1, 5]), 3, 1, random(0, 2, 3)), 1);
}

#[test]
fn placing_without_an_allowed_processor_keeps_the_last() {
    let busy = Loads::new(&[1, 2]);
    assert_eq!(place(&busy, &CpuSet::new(), 1, 0, u32::MAX), 1);
    assert_eq!(place(&busy, &set(&[2, 1023]), 1, 0, u32::MAX), 1);
    assert_eq!(place(&busy, &set(&[0, 1, 1023]), 99, 99, u32::MAX), 99);
    assert_eq!(place(&busy, &set(&[0, 1, 1023]), 99, 0, u32::MAX), 0);
}

#[test]
fn costs_do_not_grow_with_the_processors() {
    let busy = Loads::new(&[3; 1024]);
    place(&busy, &CpuSet::first(1024), 1000, 5, 0x1234_5678);
    assert!(busy.looks.take() <= 4);
    assert_eq!(victim(&busy, 7, 0x1234_5678), None);
    assert!(busy.looks.take() <= 9);
}

#[test]
fn victim_has_at_least_two_threads_more() {
    let loads = Loads::new(&[0, 1, 2, 3, 3, 1, 0, 0]);
    assert_eq!(victim(&loads, 0, 0), Some(3));
    // Of equals it is the next one.
    assert_eq!(victim(&loads, 3, 9), None);
    assert_eq!(victim(&loads, 1, 7), Some(3));
    assert_eq!(victim(&loads, 2, 1), None);
    assert_eq!(victim(&loads, 6, 1), Some(3));
    assert_eq!(victim(&Loads::new(&[0, 2]), 0, 0), Some(1));
    for alone in [[].as_slice(), &[5]] {
        assert_eq!(victim(&Loads::new(alone), 0, 5), None);
    }
}

#[test]
fn no_overloaded_processor_is_missed_for_long() {
    for count in [2, 3, 8, 9, 10, 17, 100, 1023, 1024] {
        let asks = (count as u32 - 1).div_ceil(8);
        for overloaded in [0, 1, count / 2, count - 1] {
            let mut loads = Loads::new(&std::vec![1; count]);
            loads.loads[overloaded] = 3;
            for me in [0, count / 3, count - 1].into_iter().filter(|me| *me != overloaded) {
                let found = (77..77 + asks).filter_map(|random| victim(&loads, me, random));
                assert!(found.eq([overloaded]), "{me} of {count} for {overloaded}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn place_is_allowed_and_idle_if_one_is(
        loads in prop::collection::vec(0..3_u32, 1..70),
        allowed in prop::collection::vec(0..100_usize, 0..9),
        last in 0..100_usize,
        waker in 0..100_usize,
        random in any::<u32>(),
    ) {
        let (loads, allowed) = (Loads::new(&loads), set(&allowed));
        let cpu = place(&loads, &allowed, last, waker, random);
        if loads.first_idle(&allowed, 0).is_some() {
            prop_assert!(loads.idle().contains(cpu) && allowed.contains(cpu));
        } else {
            prop_assert!(cpu == last || cpu < loads.count() && allowed.contains(cpu));
        }
    }
}
