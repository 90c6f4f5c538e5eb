//! The two 8259A interrupt controllers.
//!
//! Source: Intel 8259A datasheet, "Initialization command words" and "Operation
//! command words". IRQ 0 to 7 arrive at vectors 0x20 to 0x27, IRQ 8 to 15 at
//! 0x28 to 0x2F.

use crate::arch::boot_stage::{self, Stage};
use crate::arch::init_order::{Idt, Pic};
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::irq::vectors::{FIRST_LINE_VECTOR, LINES};
use crate::arch::ports::{
    self, PIC_MASTER_COMMAND, PIC_MASTER_DATA, PIC_SLAVE_COMMAND, PIC_SLAVE_DATA,
};

/// The line of the master to which the slave is connected.
const CASCADE: u8 = 2;

const ICW1_INIT_WITH_ICW4: u8 = 0x11;
const ICW4_8086: u8 = 0x01;
const OCW2_END_OF_INTERRUPT: u8 = 0x20;
const OCW3_READ_IN_SERVICE: u8 = 0x0B;

/// Moves the lines away from the exceptions' vectors and masks all except the cascade.
pub fn start(_idt: Idt) -> Pic {
    boot_stage::mark(Stage::Pic);
    for (port, value) in [
        (PIC_MASTER_COMMAND, ICW1_INIT_WITH_ICW4),
        (PIC_SLAVE_COMMAND, ICW1_INIT_WITH_ICW4),
        (PIC_MASTER_DATA, FIRST_LINE_VECTOR),
        (PIC_SLAVE_DATA, FIRST_LINE_VECTOR + 8),
        (PIC_MASTER_DATA, 1 << CASCADE),
        (PIC_SLAVE_DATA, CASCADE),
        (PIC_MASTER_DATA, ICW4_8086),
        (PIC_SLAVE_DATA, ICW4_8086),
        (PIC_MASTER_DATA, !(1 << CASCADE)),
        (PIC_SLAVE_DATA, 0xFF),
    ] {
        port.write(value);
        // Old controllers need a delay between the words.
        ports::io_delay();
    }
    log::info!(
        "IRQ 0 to 15 at vectors {FIRST_LINE_VECTOR:#x} to {:#x}, all masked",
        FIRST_LINE_VECTOR + LINES - 1
    );
    Pic(())
}

/// Masks all lines, because another controller takes over.
pub(in crate::arch) fn mask_all(_pic: Pic) {
    PIC_MASTER_DATA.write(0xFF);
    PIC_SLAVE_DATA.write(0xFF);
}

/// Returns the masks of all lines, one bit each.
pub(in crate::arch) fn masks() -> u16 {
    u16::from_le_bytes([PIC_MASTER_DATA.read(), PIC_SLAVE_DATA.read()])
}

/// Unmasks `line`.
pub(in crate::arch) fn unmask(line: u8) {
    let _interrupts_off = InterruptsOff::new();
    let (port, bit) = if line < 8 { (PIC_MASTER_DATA, line) } else { (PIC_SLAVE_DATA, line - 8) };
    port.write(port.read() & !(1 << bit));
}

/// Masks `line`.
pub(in crate::arch) fn mask(line: u8) {
    let _interrupts_off = InterruptsOff::new();
    let (port, bit) = if line < 8 { (PIC_MASTER_DATA, line) } else { (PIC_SLAVE_DATA, line - 8) };
    port.write(port.read() | 1 << bit);
}

/// Returns whether an interrupt of `line` is spurious: `line` is the last one of its
/// controller, and isn't in service. A spurious IRQ 15 is a real interrupt of the
/// master's cascade, for which this sends the end of interrupt.
pub(in crate::arch) fn is_spurious(line: u8) -> bool {
    let command = match line {
        7 => PIC_MASTER_COMMAND,
        15 => PIC_SLAVE_COMMAND,
        _ => return false,
    };
    command.write(OCW3_READ_IN_SERVICE);
    if command.read() & 0x80 != 0 {
        return false;
    }
    if line == 15 {
        PIC_MASTER_COMMAND.write(OCW2_END_OF_INTERRUPT);
    }
    true
}

/// Sends the end of interrupt for `line`.
pub(in crate::arch) fn end_of_interrupt(line: u8) {
    if line >= 8 {
        PIC_SLAVE_COMMAND.write(OCW2_END_OF_INTERRUPT);
    }
    PIC_MASTER_COMMAND.write(OCW2_END_OF_INTERRUPT);
}
