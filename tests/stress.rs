//! Thousands of threads on one CPU and on several, with random actions: nothing is lost,
//! and all memory is freed.
//!
//! QEMU: -m 256 -cpu max -smp 1
//! QEMU: -m 256 -cpu max,-apic
//! QEMU: -m 256 -cpu max -smp 2 -accel tcg,thread=multi
//! QEMU: -m 256 -cpu max -smp 4 -accel tcg,thread=multi

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

#[path = "../bench/host/src/random.rs"]
#[expect(dead_code, reason = "not all of it is needed here")]
mod random;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use farjump::arch::time::clock::{now_ns, read_tsc};
use farjump::mm::kernel::heap;
use farjump::println;
use farjump::sync::{Latch, Mutex, Rank, RwLock, WaitQueue};
use farjump::task::{self, Builder, JoinHandle};
use farjump::testing::{stack_frames, wait_for_stacks, wait_for_threads};
use random::Random;
use run_queue::{Nice, Policy, RealTimePriority};

farjump::test_kernel!(test_main);

const US: u64 = 1_000;
const MS: u64 = 1_000_000;

/// Returns a generator of random numbers, and prints its seed, so that the run can be
/// repeated.
fn with_printed_seed(what: &str) -> Random {
    let seed = read_tsc();
    println!("{what}: seed {seed:#x}");
    Random::new(seed)
}

/// Returns a generator for another thread.
fn split(random: &mut Random) -> Random {
    Random::new(random.next())
}

fn policy(random: &mut Random) -> Policy {
    match random.below(8) {
        0 => Policy::RealTime(
            RealTimePriority::try_new(1 + random.below(99) as u8).expect("it is a priority"),
        ),
        _ => Policy::Fair(Nice::try_new(random.below(40) as i8 - 20).expect("it is a nice value")),
    }
}

/// Runs `scenario` twice. The first run may allocate memory that is kept for later; the
/// second has to free all that it allocates.
fn check_memory(scenario: impl Fn()) {
    wait_for_threads();
    let stacks = stack_frames();
    scenario();
    wait_for_stacks(stacks);
    let before = heap::statistics().allocated_bytes;
    scenario();
    wait_for_stacks(stacks);
    let after = heap::statistics().allocated_bytes;
    // The places of threads are kept, and the second run may need more places at once.
    const PLACES_BYTES: u64 = 16 * 64 * 1024;
    assert!(after <= before + PLACES_BYTES, "heap: {before} to {after}");
}

fn join_all<T>(threads: Vec<JoinHandle<T>>) -> Vec<T> {
    threads.into_iter().map(|thread| thread.join()).collect()
}

#[test_case]
fn ten_thousand_threads_come_and_go() {
    static ENDED: AtomicU64 = AtomicU64::new(0);
    const THREADS: u64 = 5_000;
    check_memory(|| {
        let mut random = with_printed_seed("come and go");
        ENDED.store(0, Ordering::Relaxed);
        let mut living = Vec::new();
        for index in 0..THREADS {
            let mut own = split(&mut random);
            let work = move || {
                match own.below(6) {
                    0 => task::yield_now(),
                    1 => drop(task::sleep_ns(own.below(300 * US))),
                    2 => {
                        let block = alloc::vec![index as u8; own.below(4000) as usize];
                        task::yield_now();
                        assert!(block.iter().all(|&byte| byte == index as u8));
                    }
                    _ => {}
                }
                ENDED.fetch_add(1, Ordering::Relaxed);
                index
            };
            let thread = Builder::new("come and go").policy(policy(&mut random)).spawn(work);
            let thread = thread.expect("there is memory");
            match random.below(4) {
                0 => drop(thread),
                1 => assert_eq!(thread.join(), index),
                _ => living.push((index, thread)),
            }
            while living.len() > 200 {
                let chosen = random.below(living.len() as u64) as usize;
                let (number, thread) = living.swap_remove(chosen);
                assert_eq!(thread.join(), number);
            }
        }
        for (number, thread) in living {
            assert_eq!(thread.join(), number);
        }
        wait_for_threads();
        assert_eq!(ENDED.load(Ordering::Relaxed), THREADS);
    });
}

/// Tests a bounded queue: a mutex protects the values, and a wait queue holds the threads that
/// wait for a value or for room.
#[test_case]
fn mutexes_and_wait_queues_lose_nothing() {
    const PRODUCERS: u64 = 4;
    const VALUES: u64 = 1_000;
    const ROOM: usize = 4;
    struct Shared {
        values: Mutex<VecDeque<u64>>,
        changed: WaitQueue,
        received: AtomicU64,
    }
    check_memory(|| {
        let mut random = with_printed_seed("queues");
        let shared = Arc::new(Shared {
            values: Mutex::new(Rank::AddressSpace, VecDeque::with_capacity(ROOM)),
            changed: WaitQueue::new(),
            received: AtomicU64::new(0),
        });
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|producer| {
                let shared = shared.clone();
                task::spawn("producer", move || {
                    for value in 0..VALUES {
                        shared.changed.wait_until(|| {
                            let mut values = shared.values.lock();
                            let has_room = values.len() < ROOM;
                            if has_room {
                                values.push_back(producer * VALUES + value);
                            }
                            has_room
                        });
                        shared.changed.wake_all();
                    }
                })
                .expect("there is memory")
            })
            .collect();
        let consumers: Vec<_> = (0..3)
            .map(|_| {
                let (shared, mut own) = (shared.clone(), split(&mut random));
                task::spawn("consumer", move || {
                    let mut last = [None; PRODUCERS as usize];
                    let mut sum = 0;
                    loop {
                        let mut received = None;
                        let mut has_come = || {
                            received = shared.values.lock().pop_front();
                            let is_last =
                                shared.received.load(Ordering::Relaxed) == PRODUCERS * VALUES;
                            received.is_some() || is_last
                        };
                        // Some waits have a time-out, which must change nothing.
                        let deadline_ns = now_ns() + own.below(100 * US);
                        if shared.changed.wait_until_deadline(deadline_ns, &mut has_come).is_err() {
                            shared.changed.wait_until(has_come);
                        }
                        let Some(value) = received else {
                            return sum;
                        };
                        shared.received.fetch_add(1, Ordering::Relaxed);
                        shared.changed.wake_all();
                        let last = &mut last[(value / VALUES) as usize];
                        assert!(
                            last.is_none_or(|last| last < value),
                            "values of a producer are out of order"
                        );
                        *last = Some(value);
                        sum += value;
                    }
                })
                .expect("there is memory")
            })
            .collect();
        join_all(producers);
        let sum: u64 = join_all(consumers).into_iter().sum();
        assert_eq!(sum, (0..PRODUCERS * VALUES).sum());
    });
}

/// Threads of all policies read and write, and abandon some waits. A thread inherits no policy
/// while it holds no lock.
#[test_case]
fn rw_locks_keep_writers_apart_and_end_inheritance() {
    const ROUNDS: u64 = 300;
    struct Shared {
        values: RwLock<[u64; 2]>,
        written: AtomicU64,
    }
    check_memory(|| {
        let mut random = with_printed_seed("reader-writer locks");
        let shared = Arc::new(Shared {
            values: RwLock::new(Rank::AddressSpace, [0, 0]),
            written: AtomicU64::new(0),
        });
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (shared, mut own) = (shared.clone(), split(&mut random));
                let work = move || {
                    for _ in 0..ROUNDS {
                        let is_interrupted = own.below(4) == 0;
                        let deadline_ns = Some(now_ns() + own.below(100 * US));
                        let values = match own.below(4) {
                            0 => None,
                            1 => shared.values.read_cancellable(deadline_ns).ok(),
                            _ => Some(shared.values.read()),
                        };
                        if let Some(values) = values {
                            if is_interrupted {
                                task::yield_now();
                            }
                            assert_eq!(values[0], values[1], "a reader sees half of a change");
                            continue;
                        }
                        let values = match own.below(3) {
                            0 => shared.values.try_write(),
                            1 => shared.values.write_cancellable(deadline_ns).ok(),
                            _ => Some(shared.values.write()),
                        };
                        if let Some(mut values) = values {
                            values[0] += 1;
                            if is_interrupted {
                                task::yield_now();
                            }
                            values[1] += 1;
                            shared.written.fetch_add(1, Ordering::Relaxed);
                        }
                        assert!(!task::current().has_inherited(), "no lock is held");
                    }
                };
                let builder = Builder::new("shared").policy(policy(&mut random));
                builder.spawn(work).expect("there is memory")
            })
            .collect();
        join_all(threads);
        assert_eq!(*shared.values.read(), [shared.written.load(Ordering::Relaxed); 2]);
    });
}

#[test_case]
fn timers_storm() {
    const SLEEPS: u64 = 60;
    check_memory(|| {
        let mut random = with_printed_seed("timers");
        let threads: Vec<_> = (0..100)
            .map(|_| {
                let mut own = split(&mut random);
                task::spawn("timer", move || {
                    for _ in 0..SLEEPS {
                        let deadline_ns = now_ns() + own.below(2 * MS);
                        task::sleep_until(deadline_ns).expect("no thread cancels it");
                        assert!(now_ns() >= deadline_ns, "a sleep ended early");
                    }
                })
                .expect("there is memory")
            })
            .collect();
        join_all(threads);
    });
}

/// Blocks at the end of the heap are unmapped when they are freed, and other frames are
/// mapped at their addresses. A CPU that hadn't flushed its TLB would read other bytes
/// there.
#[test_case]
fn memory_is_unmapped_while_others_use_theirs() {
    const ROUNDS: u64 = 8;
    check_memory(|| {
        let mut random = with_printed_seed("unmapping");
        let start = Arc::new(Latch::new(1));
        let threads: Vec<_> = (0..6_u64)
            .map(|index| {
                let (mut own, start) = (split(&mut random), start.clone());
                task::spawn("unmapping", move || {
                    start.wait();
                    for round in 0..ROUNDS {
                        let words = (own.below(3 << 20) / 8) as usize + 1;
                        let value = index << 32 | round;
                        let mut block: Vec<u64> = Vec::new();
                        block.try_reserve_exact(words).expect("there is memory");
                        block.resize(words, value);
                        if own.below(2) == 0 {
                            task::yield_now();
                        }
                        assert!(block.iter().all(|&word| word == value), "others' bytes");
                    }
                })
                .expect("there is memory")
            })
            .collect();
        start.count_down();
        join_all(threads);
    });
}
