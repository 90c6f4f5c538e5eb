//! Access to the bytes of the CMOS. No other code uses its index and data ports.
//!
//! Selecting a byte and accessing it is one operation on all CPUs. Bit 7 of the selection would
//! mask the NMI; the kernel always leaves it clear.
//!
//! Source: Intel 500 series PCH datasheet, "Real Time Clock Registers".

use spin::Mutex;
use x86_64::instructions::interrupts::without_interrupts;

use crate::arch::ports::{CMOS_DATA, CMOS_INDEX};

/// The bits of a selection that hold the number of the byte.
const NUMBER: u8 = 0x7F;

/// Protects the index port. Taken with interrupts off, in any context, for about two microseconds.
static PORTS: Mutex<()> = Mutex::new(());

/// The longest wait for the lock, in iterations: several milliseconds. A CPU that was stopped for a
/// report may hold the lock for ever; the report, and the prompt after it, then continue without
/// the lock.
const TURNS_MAX: u32 = 1_000_000;

fn with_ports<R>(access: impl FnOnce() -> R) -> R {
    without_interrupts(|| {
        let _locked = (0..TURNS_MAX).find_map(|_| {
            core::hint::spin_loop();
            PORTS.try_lock()
        });
        access()
    })
}

/// Reads a byte of the CMOS, by its number below 128. May be called in any context.
pub fn read(number: u8) -> u8 {
    with_ports(|| {
        CMOS_INDEX.write(number & NUMBER);
        CMOS_DATA.read()
    })
}

/// Writes a byte of the CMOS, by its number below 128. May be called in any context.
pub(in crate::arch) fn write(number: u8, value: u8) {
    with_ports(|| {
        CMOS_INDEX.write(number & NUMBER);
        CMOS_DATA.write(value);
    });
}
