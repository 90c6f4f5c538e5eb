//! The shares of threads in several CPUs, measured by run time, which doesn't depend on the
//! speed and the load of the host; and the place of a thread while a reference to it
//! exists.
//!
//! QEMU: -cpu max -smp 1
//! QEMU: -cpu max -smp 2 -accel tcg,thread=multi

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use farjump::arch::irq::interrupt_flag::InterruptsOff;
use farjump::arch::time::clock::now_ns;
use farjump::task::{self, Builder, CpuSet, JoinHandle, ThreadRef};
use run_queue::{Nice, Policy};

farjump::test_kernel!(test_main);

const MS: u64 = 1_000_000;

/// The time after which a test fails, in nanoseconds: longer than a busy host delays the test,
/// shorter than the runner's limit of CPU time.
const HANG_NS: u64 = 50_000 * MS;

fn only(cpu: usize) -> CpuSet {
    let mut only = CpuSet::new();
    only.try_insert(cpu).expect("the set has room for all CPUs");
    only
}

/// Starts a thread that computes without waiting until `is_over`.
fn spawn_busy(nice: i8, allowed: CpuSet, is_over: &'static AtomicBool) -> JoinHandle<()> {
    let policy = Policy::Fair(Nice::try_new(nice).expect("it is a nice value"));
    let busy = || {
        while !is_over.load(Ordering::Relaxed) {
            core::hint::spin_loop();
        }
    };
    Builder::new("busy").policy(policy).allowed(allowed).spawn(busy).expect("there is memory")
}

/// Waits until `threads` have together run for at least 300 ms since `start_ns`, and each
/// has had at least `percent` of its share by weight.
///
/// # Errors
/// The shares in percent, if the test takes longer than [`HANG_NS`].
fn wait_for_shares(
    threads: &[(JoinHandle<()>, u64)],
    start_ns: &[u64],
    percent: u64,
) -> Result<(), Vec<u64>> {
    let load: u64 = threads.iter().map(|(_, weight)| weight).sum();
    let end_ns = now_ns() + HANG_NS;
    loop {
        task::sleep_ns(20 * MS).expect("no thread cancels this one");
        let ran = threads
            .iter()
            .zip(start_ns)
            .map(|((it, _), before)| it.thread().run_time_ns() - before);
        let ran: Vec<u64> = ran.collect();
        let all: u64 = ran.iter().sum();
        let shares = ran.iter().zip(threads).map(|(ran, (_, weight))| {
            (u128::from(*ran) * 100 * u128::from(load) / u128::from(all.max(1) * weight)) as u64
        });
        let shares: Vec<u64> = shares.collect();
        if all >= 300 * MS && shares.iter().all(|share| *share >= percent) {
            return Ok(());
        }
        if now_ns() > end_ns {
            return Err(shares);
        }
    }
}

#[test_case]
fn threads_that_cpus_do_not_divide_evenly_get_their_shares() {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    let cpus = task::cpus().count();
    // One thread more than there are CPUs; two of them have half the weight.
    let spawn = |nice: i8| {
        let weight = u64::from(Nice::try_new(nice).expect("it is a nice value").weight());
        (spawn_busy(nice, CpuSet::first(cpus), &IS_OVER), weight)
    };
    let mut threads: Vec<_> = (0..cpus + 1).map(|_| spawn(0)).collect();
    threads.extend([3, 3].map(spawn));
    let start_ns = alloc::vec![0; threads.len()];
    let shares = wait_for_shares(&threads, &start_ns, 90);
    IS_OVER.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|(thread, _)| thread.join());
    assert_eq!(shares, Ok(()));
}

#[test_case]
fn cpu_that_is_busy_with_one_thread_takes_over_from_one_with_six() {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    let cpus = task::cpus().count();
    if cpus < 2 {
        return;
    }
    let spawn = |cpu| (spawn_busy(0, only(cpu), &IS_OVER), 1024);
    let mut threads = alloc::vec![spawn(1)];
    threads.extend((0..6).map(|_| spawn(0)));
    // All threads have run on that CPU.
    let has_run = |(it, _): &(JoinHandle<()>, u64)| it.thread().run_time_ns() > 0;
    while !threads.iter().all(has_run) {
        task::sleep_ns(MS).expect("no thread cancels this one");
    }
    for (thread, _) in &threads {
        task::set_allowed(thread.thread(), &CpuSet::first(64));
    }
    let start_ns: Vec<_> = threads.iter().map(|(it, _)| it.thread().run_time_ns()).collect();
    let shares = wait_for_shares(&threads, &start_ns, 80);
    IS_OVER.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|(thread, _)| thread.join());
    assert_eq!(shares, Ok(()));
}

#[test_case]
fn run_time_counts_while_a_thread_runs() {
    let thread = task::current();
    // The scheduler adds run time at switches. Without a switch, the value has to grow when
    // it is read.
    let _off = InterruptsOff::new();
    let ran_ns = thread.run_time_ns();
    while thread.run_time_ns() < ran_ns + 5 * MS {
        core::hint::spin_loop();
    }
}

#[test_case]
fn thread_that_is_held_keeps_its_place_when_it_has_ended() {
    let thread = task::spawn("held", || ()).expect("there is memory");
    let id = thread.thread().id();
    let held = ThreadRef::find(id).expect("its handle holds it");
    thread.join();
    // Other threads use all free places.
    for _ in 0..200 {
        let other = task::spawn("other", || ()).expect("there is memory");
        assert!(!core::ptr::eq(other.thread(), held.thread()));
        other.join();
    }
    assert_eq!((held.id(), held.name().as_str()), (id, "held"));
    drop(held);
    // The thread may still be ending.
    while ThreadRef::find(id).is_some() {
        task::yield_now();
    }
}
