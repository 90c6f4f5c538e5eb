//! The CMOS's bytes: the only way to the pair of ports that selects and holds them.
//!
//! Interrupts are off from the selection of a byte to its access. Bit 7 of the
//! selection masks the NMI; the kernel never does, so it is always clear.
//!
//! Source: Intel 500 series PCH datasheet, "Real Time Clock Registers".

use x86_64::instructions::interrupts::without_interrupts;

use crate::arch::ports::{CMOS_DATA, CMOS_INDEX};

/// The bits of a selection that are a byte's number.
const NUMBER: u8 = 0x7F;

/// Reads a byte of the CMOS, by its number below 128. It can be done anywhere.
pub fn read(number: u8) -> u8 {
    without_interrupts(|| {
        CMOS_INDEX.write(number & NUMBER);
        CMOS_DATA.read()
    })
}

/// Writes a byte of the CMOS, by its number below 128. It can be done anywhere.
pub(in crate::arch) fn write(number: u8, value: u8) {
    without_interrupts(|| {
        CMOS_INDEX.write(number & NUMBER);
        CMOS_DATA.write(value);
    });
}
