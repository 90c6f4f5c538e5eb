//! The two 8259A interrupt controllers.
//!
//! Source: Intel 8259A datasheet, "Initialization command words" and "Operation
//! command words". IRQ 0 to 7 arrive at vectors 0x20 to 0x27, IRQ 8 to 15 at
//! 0x28 to 0x2F.

use x86_64::instructions::port::Port;

use super::idt::Idt;
use super::interrupts::InterruptsOff;
use super::progress::{self, Stage};

/// The vector of IRQ 0.
pub const FIRST_VECTOR: u8 = 0x20;
/// How many lines both controllers have together.
pub const LINES: u8 = 16;

const MASTER_COMMAND: u16 = 0x20;
const MASTER_DATA: u16 = 0x21;
const SLAVE_COMMAND: u16 = 0xA0;
const SLAVE_DATA: u16 = 0xA1;

/// The master's line that the slave is wired to.
const CASCADE: u8 = 2;

const ICW1_INIT_WITH_ICW4: u8 = 0x11;
const ICW4_8086: u8 = 0x01;
const OCW2_END_OF_INTERRUPT: u8 = 0x20;
const OCW3_READ_IN_SERVICE: u8 = 0x0B;

/// Proof that the controllers are set up.
#[derive(Clone, Copy, Debug)]
pub struct Pic(());

/// Moves the lines off the exceptions' vectors and masks them all but the
/// cascade.
pub fn start(_idt: Idt) -> Pic {
    progress::mark(Stage::Pic);
    for (port, value) in [
        (MASTER_COMMAND, ICW1_INIT_WITH_ICW4),
        (SLAVE_COMMAND, ICW1_INIT_WITH_ICW4),
        (MASTER_DATA, FIRST_VECTOR),
        (SLAVE_DATA, FIRST_VECTOR + 8),
        (MASTER_DATA, 1 << CASCADE),
        (SLAVE_DATA, CASCADE),
        (MASTER_DATA, ICW4_8086),
        (SLAVE_DATA, ICW4_8086),
        (MASTER_DATA, !(1 << CASCADE)),
        (SLAVE_DATA, 0xFF),
    ] {
        write(port, value);
        // Old controllers need time between the words; the POST port is a bus
        // cycle of about a microsecond.
        write(0x80, progress::Stage::Pic as u8);
    }
    log::info!(
        "IRQ 0 to 15 at vectors {FIRST_VECTOR:#x} to {:#x}, all masked",
        FIRST_VECTOR + LINES - 1
    );
    Pic(())
}

impl Pic {
    /// Lets the interrupts of `line` through.
    pub(super) fn unmask(self, line: u8) {
        let _interrupts_off = InterruptsOff::new();
        let (port, bit) = if line < 8 { (MASTER_DATA, line) } else { (SLAVE_DATA, line - 8) };
        write(port, read(port) & !(1 << bit));
    }
}

/// Tells whether an interrupt of `line` is spurious: the last line of a
/// controller that has nothing in service there. A spurious IRQ 15 still is an
/// interrupt of the cascade to the master, and is ended there.
pub(super) fn is_spurious(line: u8) -> bool {
    let command = match line {
        7 => MASTER_COMMAND,
        15 => SLAVE_COMMAND,
        _ => return false,
    };
    write(command, OCW3_READ_IN_SERVICE);
    if read(command) & 0x80 != 0 {
        return false;
    }
    if line == 15 {
        write(MASTER_COMMAND, OCW2_END_OF_INTERRUPT);
    }
    true
}

/// Ends the interrupt of `line` that is in service.
pub(super) fn end_of_interrupt(line: u8) {
    if line >= 8 {
        write(SLAVE_COMMAND, OCW2_END_OF_INTERRUPT);
    }
    write(MASTER_COMMAND, OCW2_END_OF_INTERRUPT);
}

fn write(port: u16, value: u8) {
    // SAFETY: the controllers are this module's alone, and what it writes keeps
    // to their datasheet.
    unsafe { Port::new(port).write(value) }
}

fn read(port: u16) -> u8 {
    // SAFETY: reading a mask or the in-service register changes nothing.
    unsafe { Port::new(port).read() }
}
