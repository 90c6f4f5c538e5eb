//! The cost of thread operations: `tools/bench` boots this with a time stamp counter that
//! counts instructions, and reads the lines that begin with `bench`.

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};

use farjump::arch::time::clock::{now_ns, read_tsc};
use farjump::sync::{IrqMutex, Mutex, Rank, RwLock, WaitQueue};
use farjump::{println, task};

farjump::test_kernel!(test_main);

/// The number of measured operations, and of those before them that are not measured.
const OPERATIONS: u64 = 1000;
const WARM_UP: u64 = 100;

/// Runs `work` [`OPERATIONS`] times and prints the cost of one.
fn measure(name: &str, mut work: impl FnMut()) {
    (0..WARM_UP).for_each(|_| work());
    let start = read_tsc();
    (0..OPERATIONS).for_each(|_| work());
    println!("bench {name} {}", (read_tsc() - start) / OPERATIONS);
}

#[test_case]
fn locks() {
    static SPIN: IrqMutex<u64> = IrqMutex::new(Rank::Device, 0);
    static SLEEPING: Mutex<u64> = Mutex::new(Rank::AddressSpace, 0);
    static SHARED: RwLock<u64> = RwLock::new(Rank::AddressSpace, 0);
    measure("spin_lock", || *SPIN.lock() += 1);
    measure("mutex", || *SLEEPING.lock() += 1);
    measure("rw_lock_read", || {
        core::hint::black_box(*SHARED.read());
    });
    measure("rw_lock_write", || *SHARED.write() += 1);
    measure("clock", || {
        core::hint::black_box(now_ns());
    });
}

#[test_case]
fn switch() {
    static LEFT: AtomicU64 = AtomicU64::new(2 * (OPERATIONS + WARM_UP));
    let other = task::spawn("other", || {
        while LEFT.fetch_sub(1, Ordering::Relaxed) > 1 {
            task::yield_now();
        }
    });
    // Two threads yield in turn: one operation is two switches.
    measure("switch_twice", task::yield_now);
    LEFT.store(1, Ordering::Relaxed);
    other.expect("there is memory").join();
}

#[test_case]
fn wake() {
    static PINGS: AtomicU64 = AtomicU64::new(0);
    static PONGS: AtomicU64 = AtomicU64::new(0);
    static PINGED: WaitQueue = WaitQueue::new();
    static PONGED: WaitQueue = WaitQueue::new();
    let other = task::spawn("other", || {
        for round in 1..=OPERATIONS + WARM_UP {
            PINGED.wait_until(|| PINGS.load(Ordering::Relaxed) == round);
            PONGS.store(round, Ordering::Relaxed);
            PONGED.wake_one();
        }
    });
    // One operation is two wake-ups, there and back, each measured until the thread runs.
    measure("wake_twice", || {
        let round = PINGS.load(Ordering::Relaxed) + 1;
        PINGS.store(round, Ordering::Relaxed);
        PINGED.wake_one();
        PONGED.wait_until(|| PONGS.load(Ordering::Relaxed) == round);
    });
    other.expect("there is memory").join();
}

#[test_case]
fn create_and_join() {
    measure("create_and_join", || task::spawn("child", || ()).expect("there is memory").join());
}

#[test_case]
fn clock_steps() {
    let mut last_ns = now_ns();
    let mut worst_ns = 0;
    for _ in 0..100_000 {
        let now_ns = now_ns();
        assert!(now_ns >= last_ns, "the clock ran backwards");
        worst_ns = worst_ns.max(now_ns - last_ns);
        last_ns = now_ns;
    }
    println!("bench clock_worst_step {worst_ns}");
}
