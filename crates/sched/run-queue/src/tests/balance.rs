//! Where threads are placed, and from whom they are taken.

use core::cell::Cell;
use std::vec::Vec;

use proptest::prelude::*;

use crate::{Balancer, CpuSet, Cpus, LAG_MAX_NS, busiest, place};

const WORDS: usize = 16;

/// Loads of CPUs, which count how often they are looked at. Who has none is idle.
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

impl Cpus<WORDS> for Loads {
    fn count(&self) -> usize {
        self.loads.len()
    }

    fn threads(&self, cpu: usize) -> u32 {
        self.looks.set(self.looks.get() + 1);
        self.loads[cpu]
    }

    fn load(&self, cpu: usize) -> u64 {
        self.looks.set(self.looks.get() + 1);
        u64::from(self.loads[cpu]) * 1024
    }

    fn first_idle(&self, allowed: &CpuSet<WORDS>, from: usize) -> Option<usize> {
        let idle = self.idle();
        allowed.first_common(|word| idle.words()[word], from)
    }
}

/// Returns the set of these CPUs.
fn set(cpus: &[usize]) -> CpuSet<WORDS> {
    let mut set = CpuSet::new();
    for cpu in cpus {
        set.try_insert(*cpu).expect("there is room for all");
    }
    set
}

/// A random number whose halves choose these of `count` allowed CPUs.
fn random(one: u32, two: u32, count: u32) -> u32 {
    ((one << 16).div_ceil(count)) << 16 | (two << 16).div_ceil(count)
}

#[test]
fn idle_cpus_come_first() {
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
fn placing_without_an_allowed_cpu_keeps_the_last() {
    let busy = Loads::new(&[1, 2]);
    assert_eq!(place(&busy, &CpuSet::new(), 1, 0, u32::MAX), 1);
    assert_eq!(place(&busy, &set(&[2, 1023]), 1, 0, u32::MAX), 1);
    assert_eq!(place(&busy, &set(&[0, 1, 1023]), 99, 99, u32::MAX), 99);
    assert_eq!(place(&busy, &set(&[0, 1, 1023]), 99, 0, u32::MAX), 0);
}

#[test]
fn costs_do_not_grow_with_the_cpus() {
    let busy = Loads::new(&[3; 1024]);
    place(&busy, &CpuSet::first(1024), 1000, 5, 0x1234_5678);
    assert!(busy.looks.take() <= 4);
    assert!(busiest(&busy, 7, 0x1234_5678).is_some());
    assert!(busy.looks.take() <= 2 * 8);
    assert_eq!(Balancer::new().partner(&busy, 7, 0x1234_5678, 0), None);
    assert!(busy.looks.take() <= 9);
}

#[test]
fn idle_cpu_takes_from_the_busiest_where_a_thread_waits() {
    let loads = Loads::new(&[0, 1, 2, 3, 3, 1, 0, 0]);
    assert_eq!(busiest(&loads, 0, 0), Some(3));
    // Of equals it is the next one.
    assert_eq!(busiest(&loads, 3, 9), Some(4));
    assert_eq!(busiest(&loads, 6, 1), Some(3));
    assert_eq!(busiest(&Loads::new(&[0, 2]), 0, 0), Some(1));
    assert_eq!(busiest(&Loads::new(&[0, 1]), 0, 0), None);
    for alone in [[].as_slice(), &[5]] {
        assert_eq!(busiest(&Loads::new(alone), 0, 5), None);
    }
}

#[test]
fn no_overloaded_cpu_is_missed_for_long() {
    for count in [2, 3, 8, 9, 10, 17, 100, 1023, 1024] {
        let asks = (count as u32 - 1).div_ceil(8);
        for overloaded in [0, 1, count / 2, count - 1] {
            let mut loads = Loads::new(&std::vec![1; count]);
            loads.loads[overloaded] = 3;
            for me in [0, count / 3, count - 1].into_iter().filter(|me| *me != overloaded) {
                let found = (77..77 + asks).filter_map(|random| busiest(&loads, me, random));
                assert!(found.eq([overloaded]), "{me} of {count} for {overloaded}");
            }
        }
    }
}

#[test]
fn thread_moves_when_a_lighter_cpu_is_ahead() {
    let mut loads = Loads::new(&[2, 1, 3]);
    let mut balancer = Balancer::new();
    assert_eq!(balancer.partner(&loads, 1, 0, 0), None);
    assert_eq!(balancer.partner(&loads, 0, 0, 0), Some(1));
    // Virtual times may be anywhere, and wrap around.
    let (own, other) = (u64::MAX - 5, 77);
    let should_move = |balancer: &mut Balancer, own_ns: u64, other_ns: u64, now_ns| {
        balancer.should_move(1, own.wrapping_add(own_ns), other + other_ns, now_ns)
    };
    assert!(!should_move(&mut balancer, 0, 0, 0));
    assert!(!should_move(&mut balancer, LAG_MAX_NS, 2 * LAG_MAX_NS - 1, 1));
    assert!(should_move(&mut balancer, LAG_MAX_NS, 2 * LAG_MAX_NS, 2));
    // It is the partner until it isn't lighter any more, or for too long without a look.
    assert_eq!(balancer.partner(&loads, 0, 1, 3), Some(1));
    assert!(should_move(&mut balancer, LAG_MAX_NS, 2 * LAG_MAX_NS, 3));
    balancer.note_moved();
    assert!(!should_move(&mut balancer, LAG_MAX_NS, 2 * LAG_MAX_NS, 4));
    loads.loads[1] = 2;
    assert_eq!(balancer.partner(&loads, 0, 0, 5), None);
    loads.loads[1] = 1;
    assert_eq!(balancer.partner(&loads, 0, 0, 6), Some(1));
    assert!(should_move(&mut balancer, LAG_MAX_NS, 3 * LAG_MAX_NS, 6));
    assert_eq!(balancer.partner(&loads, 0, 0, 1_000_000_000), Some(1));
    assert!(!should_move(&mut balancer, 0, LAG_MAX_NS, 1_000_000_000));
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
