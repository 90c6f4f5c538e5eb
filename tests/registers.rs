//! A thread's registers survive switches, on one CPU and on several.
//!
//! QEMU: -cpu max -smp 1
//! QEMU: -cpu max -smp 4 -accel tcg,thread=multi
//! QEMU: -cpu qemu64

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use farjump::task::{self, Builder, CpuSet, JoinHandle};
use farjump::testing::ShouldPanic;

#[expect(unsafe_code, reason = "fills and reads registers")]
#[path = "registers/patterns.rs"]
mod patterns;
#[path = "registers/sections.rs"]
mod sections;

farjump::test_kernel!(test_main);

/// The total number of preemptions of a test's threads before the test ends.
const PREEMPTIONS: u64 = 60;
/// The least number of times that each thread checks its registers.
const ROUNDS: u64 = 10;

/// The progress of the threads of a test.
struct Progress {
    preemptions: AtomicU64,
    /// The number of threads that have not checked their registers often enough.
    unfinished: AtomicU64,
}

impl Progress {
    const fn new() -> Self {
        Self { preemptions: AtomicU64::new(0), unfinished: AtomicU64::new(0) }
    }

    /// Starts a thread that repeats `round` until each thread has checked its registers often
    /// enough, and all threads together have been preempted often enough.
    fn start(
        &'static self,
        allowed: CpuSet,
        round: impl Fn(u64) + Send + 'static,
    ) -> JoinHandle<()> {
        self.unfinished.fetch_add(1, Ordering::Relaxed);
        let body = move || {
            task::keep_registers().expect("there is memory");
            let mut rounds = 0;
            while self.unfinished.load(Ordering::Relaxed) > 0
                || self.preemptions.load(Ordering::Relaxed) < PREEMPTIONS
            {
                round(rounds);
                rounds += 1;
                if rounds == ROUNDS {
                    self.unfinished.fetch_sub(1, Ordering::Relaxed);
                }
            }
        };
        Builder::new("registers").allowed(allowed).spawn(body).expect("there is memory")
    }

    /// Runs `action`, which doesn't yield, and counts the preemptions meanwhile.
    fn watch(&self, action: impl FnOnce()) {
        let before = task::current().switches();
        action();
        let preemptions = task::current().switches() - before;
        self.preemptions.fetch_add(preemptions, Ordering::Relaxed);
    }
}

fn only(cpu: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.try_insert(cpu).expect("the set has room for all CPUs");
    set
}

fn compute() {
    (0..500_000_u32).for_each(|number| {
        core::hint::black_box(number);
    });
}

/// Moves the running thread to the next CPU.
fn move_on() {
    let next = (task::current().cpu().index() + 1) % task::cpus().count();
    task::set_allowed(task::current(), &only(next));
    task::yield_now();
}

/// Several threads fill all registers with patterns of their own, and check them
/// repeatedly: after a preemption, after a call of the scheduler, and on another CPU.
#[test_case]
fn registers_survive_switches() {
    static PROGRESS: Progress = Progress::new();
    let look = |index: u64, pause: fn()| {
        move |round| {
            let changed = || patterns::changed_over(index << 32 | round, pause);
            assert_eq!(changed(), None, "thread {index}");
        }
    };
    let mut threads = Vec::new();
    for cpu in 0..task::cpus().count() {
        let index = 4 * cpu as u64;
        let here = only(cpu);
        for computing in [index, index + 1] {
            let round = look(computing, compute);
            threads.push(PROGRESS.start(here, move |number| PROGRESS.watch(|| round(number))));
        }
        threads.push(PROGRESS.start(here, look(index + 2, task::yield_now)));
        threads.push(PROGRESS.start(here, look(index + 3, move_on)));
    }
    threads.into_iter().for_each(|thread| thread.join());
}

#[test_case]
fn general_registers_and_flags_survive_preemption() {
    static PROGRESS: Progress = Progress::new();
    let mut threads = Vec::new();
    for index in 0..2 * task::cpus().count() {
        let look = move |_| {
            PROGRESS.watch(|| {
                let changed = patterns::general_changed(index as u64, 500_000);
                assert_eq!(changed, 0, "thread {index}");
            });
        };
        threads.push(PROGRESS.start(only(index / 2), look));
    }
    threads.into_iter().for_each(|thread| thread.join());
}

#[test_case]
fn registers_begin_as_after_a_reset() {
    let dirty = task::spawn("dirty", || {
        task::keep_registers().expect("there is memory");
        patterns::changed_over(0x1234_5678_9ABC, || {});
    });
    dirty.expect("there is memory").join();
    let fresh = task::spawn("fresh", || {
        task::keep_registers().expect("there is memory");
        patterns::first_vector()
    });
    assert_eq!(fresh.expect("there is memory").join(), [0, 0]);
}

#[test_case]
const USE_WITHOUT_REQUEST_IS_REPORTED: ShouldPanic = ShouldPanic::new(
    "registers::use_without_request_is_reported",
    "#NM: device-not-available",
    || {
        let thread = task::spawn("unasked", || patterns::changed_over(1, || {}));
        thread.expect("there is memory").join();
    },
);
