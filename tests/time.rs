//! Threads and time: turns, shares, sleeps, and hanging CPUs.
//!
//! These tests compare times, so the machine's clock counts instructions (`-icount`): an
//! instruction takes 32 ns, however slow or busy the host is, and when all CPUs halt the
//! clock jumps to the next deadline.
//!
//! QEMU: -icount shift=5,sleep=off -cpu max -smp 1
//! QEMU: -icount shift=5,sleep=off -cpu max,-apic
//! QEMU: -icount shift=5,sleep=off -cpu max -smp 2
//! QEMU: -icount shift=5,sleep=off -cpu max -smp 4

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use farjump::arch::irq::interrupt_flag::InterruptsOff;
use farjump::arch::time::clock::now_ns;
use farjump::sync::{Latch, Mutex, Rank};
use farjump::task::{self, Builder, CpuSet};
use run_queue::{Nice, Policy};

farjump::test_kernel!(test_main);

const MS: u64 = 1_000_000;

fn only(cpu: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.try_insert(cpu).expect("the set has room for all CPUs");
    set
}

fn spin_until(end_ns: u64) {
    while now_ns() < end_ns {
        core::hint::spin_loop();
    }
}

#[test_case]
fn yielding_threads_take_turns() {
    static TURNS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
    static IS_STARTED: Latch = Latch::new(2);
    // Returns how many turns the other thread has had.
    let player = |own: usize| {
        move || {
            IS_STARTED.count_down();
            IS_STARTED.wait();
            for _ in 0..1000 {
                TURNS[own].fetch_add(1, Ordering::Relaxed);
                task::yield_now();
            }
            TURNS[1 - own].load(Ordering::Relaxed)
        }
    };
    let builder = Builder::new("player").allowed(only(0));
    let threads = [0, 1].map(|own| builder.clone().spawn(player(own)).expect("there is memory"));
    for other in threads.map(|thread| thread.join()) {
        assert!(other > 800, "the other thread had {other} turns of 1000");
    }
}

#[test_case]
fn threads_that_never_yield_share_by_their_weight() {
    let end_ns = now_ns() + 300 * MS;
    let spawn = |name, nice| {
        let nice = Nice::try_new(nice).expect("it is a nice value");
        let builder = Builder::new(name).policy(Policy::Fair(nice)).allowed(only(0));
        builder.spawn(move || spin_until(end_ns)).expect("there is memory")
    };
    let threads = [spawn("one", 0), spawn("other", 0), spawn("nice", 5)];
    task::sleep_until(end_ns - 10 * MS).expect("it isn't cancelled");
    let times = threads.each_ref().map(|thread| thread.thread().run_time_ns());
    threads.into_iter().for_each(|thread| thread.join());
    assert!(times[0].abs_diff(times[1]) < times[0] / 4, "{times:?}");
    // The weights of nice 0 and 5 are 1024 and 335.
    assert!(times[0] > 2 * times[2] && times[0] < 5 * times[2], "{times:?}");
}

#[test_case]
fn sleeps_end_in_order_and_in_time() {
    static ORDER: Mutex<Vec<u64>> = Mutex::new(Rank::AddressSpace, Vec::new());
    // All of them sleep by then.
    let start_ns = now_ns() + 100 * MS;
    let threads: Vec<_> = [30, 10, 50, 20, 40]
        .into_iter()
        .map(|ms| {
            task::spawn("sleeper", move || {
                task::sleep_until(start_ns + ms * MS).expect("it isn't cancelled");
                let late_ns = now_ns() - (start_ns + ms * MS);
                assert!(late_ns < 5 * MS, "{late_ns} ns late");
                ORDER.lock().push(ms);
            })
            .expect("there is memory")
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join());
    assert_eq!(*ORDER.lock(), [10, 20, 30, 40, 50]);
}

/// The CPUs are busy for longer than the watchdog waits.
#[test_case]
fn busy_cpus_are_not_taken_for_hanging() {
    let end_ns = now_ns() + 8_000 * MS;
    let threads: Vec<_> = (0..2 * task::cpus().count())
        .map(|_| task::spawn("busy", move || spin_until(end_ns)).expect("there is memory"))
        .collect();
    threads.into_iter().for_each(|thread| thread.join());
    assert_eq!(task::watchdog_report_count(), 0);
}

#[test_case]
fn cpu_that_hangs_is_reported() {
    if task::cpus().count() < 2 {
        return;
    }
    for cpu in [0, 1] {
        let before = task::watchdog_report_count();
        let hanging = Builder::new("hanging").allowed(only(cpu)).spawn(move || {
            let _off = InterruptsOff::new();
            // QEMU 7.2 runs its first CPU up to the next timer, and then has no instructions left
            // for the others, unless that CPU pauses: a PAUSE switches to the next CPU. One for
            // each look would be slow.
            const LOOKS: u32 = 10_000;
            while (0..LOOKS).all(|_| task::watchdog_report_count() == before) {
                core::hint::spin_loop();
            }
        });
        hanging.expect("there is memory").join();
    }
}
