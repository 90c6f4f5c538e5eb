//! Ten thousand ticks while serial port and keyboard are flooded.
//!
//! The runner sees the line that begins with `@storm` and floods the machine.
//! Under `-icount` the machine keeps its own time, however slow the host is: one
//! instruction takes 16 ns. The test never sleeps, as then QEMU would let time
//! jump.
//!
//! QEMU: -icount shift=4,sleep=off

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

use farjump::arch::clock::read_tsc;
use farjump::drivers::{keyboard, serial};
use farjump::testing::machine;

farjump::test_kernel!(test_main);

const QUIET_TICKS: u64 = 1_000;
const TICKS: u64 = 10_000;
const BYTES: u64 = 50_000;
const KEYS: u64 = 100;

#[test_case]
fn no_tick_and_no_byte_is_lost_in_a_storm() {
    let timer = machine().timer;
    // In quiet, how much of the time stamp counter a tick is.
    let (quiet_tick, quiet_tsc) = synchronised_tick();
    while timer.ticks() < quiet_tick + QUIET_TICKS {}
    let (first_tick, start_tsc) = synchronised_tick();
    let (quiet_ticks, quiet_tsc) = (first_tick - quiet_tick, start_tsc - quiet_tsc);

    serial::write("@storm 50000 100\n");
    let mut bytes = 0_u64;
    let mut keys = 0;
    // The bytes may need longer than the ticks: the host is slow or fast.
    while timer.ticks() < first_tick + TICKS || bytes < BYTES || keys < KEYS {
        if let Some(byte) = serial::try_read() {
            assert_eq!(u64::from(byte), bytes % 256, "byte {bytes} is another");
            bytes += 1;
        }
        keys += u64::from(keyboard::try_read().is_some());
    }
    let (last_tick, end_tsc) = synchronised_tick();

    let counted = last_tick - first_tick;
    let thousandths = (end_tsc - start_tsc) * quiet_ticks * 1000 / quiet_tsc;
    assert!(
        thousandths.abs_diff(counted * 1000) < 500,
        "{counted} ticks were counted, {thousandths} thousandths of a tick have passed"
    );
    assert_eq!((bytes, keys), (BYTES, KEYS));
    assert_eq!((serial::overruns(), keyboard::lost()), (0, 0));
}

/// Returns the number of the next tick and the time stamp counter when it came.
fn synchronised_tick() -> (u64, u64) {
    let timer = machine().timer;
    let before = timer.ticks();
    while timer.ticks() == before {
        core::hint::spin_loop();
    }
    (timer.ticks(), read_tsc())
}
