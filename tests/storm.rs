//! Ten thousand timer deadlines while the serial port and the keyboard are flooded.
//!
//! The runner floods the machine after it has read the line that begins with `@storm`.
//! Under `-icount` the machine's time doesn't depend on the host: an instruction takes 16
//! ns. The test never sleeps, because QEMU's clock would jump.
//!
//! QEMU: -icount shift=4,sleep=off

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};

use farjump::arch::time::{clock, timer};
use farjump::drivers::char::{keyboard, serial};
use farjump::testing::machine;

farjump::test_kernel!(test_main);

const PERIOD_NS: u64 = 1_000_000;
/// More than what an interrupt of the UART takes with all bytes that it may receive, 0.1 ms.
const LATE_MAX_NS: u64 = 250_000;
const DEADLINES: u64 = 10_000;
const BYTES: u64 = 50_000;
const KEYS: u64 = 100;

/// The next deadline; 0 if there is none.
static NEXT_NS: AtomicU64 = AtomicU64::new(0);
static REACHED: AtomicU64 = AtomicU64::new(0);
static LATEST_BY_NS: AtomicU64 = AtomicU64::new(0);

fn at_interrupt() {
    let next_ns = NEXT_NS.load(Ordering::Relaxed);
    let now_ns = clock::now_ns();
    if next_ns == 0 {
        return;
    }
    if now_ns >= next_ns {
        REACHED.fetch_add(1, Ordering::Relaxed);
        LATEST_BY_NS.fetch_max(now_ns - next_ns, Ordering::Relaxed);
        NEXT_NS.store(next_ns + PERIOD_NS, Ordering::Relaxed);
    }
    timer::set_deadline(NEXT_NS.load(Ordering::Relaxed));
}

#[test_case]
fn no_deadline_and_no_byte_is_lost_in_a_storm() {
    machine().timer.add_handler(at_interrupt);
    let start_ns = clock::now_ns();
    NEXT_NS.store(start_ns + PERIOD_NS, Ordering::Relaxed);
    machine().timer.run_in_interrupt(at_interrupt);

    serial::write("@storm 50000 100\n");
    let mut bytes = 0_u64;
    let mut keys = 0;
    // On a slow host the bytes take longer than the deadlines.
    while REACHED.load(Ordering::Relaxed) < DEADLINES || bytes < BYTES || keys < KEYS {
        if let Some(byte) = serial::try_read() {
            assert_eq!(u64::from(byte), bytes % 256, "byte {bytes} is another");
            bytes += 1;
        }
        keys += u64::from(keyboard::try_read().is_some());
    }
    NEXT_NS.store(0, Ordering::Relaxed);
    let passed_ns = clock::now_ns() - start_ns;

    let reached = REACHED.load(Ordering::Relaxed);
    assert!(reached.abs_diff(passed_ns / PERIOD_NS) <= 1, "{reached} of {passed_ns} ns");
    let latest_by_ns = LATEST_BY_NS.load(Ordering::Relaxed);
    assert!(latest_by_ns < LATE_MAX_NS, "a deadline was reached {latest_by_ns} ns late");
    assert_eq!((bytes, keys), (BYTES, KEYS));
    assert_eq!((serial::overruns(), keyboard::lost()), (0, 0));
}
