//! The 8042, the controller of the PC's keyboard and mouse.
//!
//! Many machines have none, or firmware emulates it for a USB keyboard and takes up to a tenth of a
//! millisecond for each access. So every wait has a time-out, and all waits together take at most
//! 0.9 s.
//!
//! The second port, for a mouse, is detected but not used.
//!
//! Source: PC/AT Technical Reference, "Keyboard controller"; PS/2 Technical
//! Reference, "Keyboard and auxiliary device controller".

pub(in crate::drivers) mod set_up;
#[cfg(test)]
mod tests;

use core::fmt;

use keyboard_keys::ScanCodeSet;

use crate::arch::ports::{self, KEYBOARD_DATA, KEYBOARD_STATUS, KeyboardCommand};
use crate::arch::time::clock::Clock;

const STATUS_OUTPUT_FULL: u8 = 1 << 0;
const STATUS_INPUT_FULL: u8 = 1 << 1;
/// The byte is from the second port.
const STATUS_FROM_SECOND_PORT: u8 = 1 << 5;
/// The status that a read returns without a controller.
const STATUS_ABSENT: u8 = 0xFF;

/// Access to the controller's ports.
pub(in crate::drivers) trait Ports {
    fn status(&mut self) -> u8;
    fn read(&mut self) -> u8;
    fn write(&mut self, byte: u8);
    fn command(&mut self, command: KeyboardCommand);
    /// Returns the time in microseconds.
    fn now_us(&mut self) -> u64;
}

/// The machine's ports.
pub(in crate::drivers) struct PcPorts(pub(in crate::drivers) Clock);

impl Ports for PcPorts {
    fn status(&mut self) -> u8 {
        KEYBOARD_STATUS.read()
    }

    fn read(&mut self) -> u8 {
        KEYBOARD_DATA.read()
    }

    fn write(&mut self, byte: u8) {
        KEYBOARD_DATA.write(byte);
    }

    fn command(&mut self, command: KeyboardCommand) {
        ports::send_command(command);
    }

    fn now_us(&mut self) -> u64 {
        self.0.uptime_us()
    }
}

/// The result of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// No error.
    Passed,
    /// The controller's error code.
    Failed(u8),
    /// No answer.
    Silent,
}

impl Test {
    fn new(answer: Option<u8>, passed: u8) -> Self {
        match answer {
            Some(answer) if answer == passed => Self::Passed,
            Some(answer) => Self::Failed(answer),
            None => Self::Silent,
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Failed(answer) => write!(f, "failed with {answer:#04x}"),
            Self::Silent => f.write_str("never ended"),
        }
    }
}

/// The mouse's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondPort {
    /// There is none.
    Absent,
    /// It exists, and is off.
    Off(Test),
}

/// The device at the first port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attached {
    /// No device, but a keyboard that is plugged in later works.
    Nothing,
    /// A keyboard that doesn't identify itself, such as the AT's.
    Unidentified,
    /// A keyboard with its identity, whose second byte may be translated.
    Identified([u8; 2]),
}

/// A controller that has been set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controller {
    /// The scan code set of the bytes that arrive.
    pub set: ScanCodeSet,
    /// The controller's self-test.
    pub test: Test,
    /// The controller's test of the first port.
    pub first_port: Test,
    /// The mouse's port.
    pub second_port: SecondPort,
    /// The device at the first port.
    pub attached: Attached,
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attached {
            Attached::Nothing => f.write_str("none answers at the 8042 controller")?,
            Attached::Unidentified => f.write_str("8042")?,
            Attached::Identified([first, second]) => {
                write!(f, "8042, identity {first:02x} {second:02x}")?;
            }
        }
        write!(f, ", {}", self.set)?;
        if self.test != Test::Passed {
            write!(f, ", its test {}", self.test)?;
        }
        if self.first_port != Test::Passed {
            write!(f, ", its port's test {}", self.first_port)?;
        }
        match self.second_port {
            SecondPort::Absent => f.write_str(", no mouse port"),
            SecondPort::Off(Test::Passed) => f.write_str(", mouse port off"),
            SecondPort::Off(test) => write!(f, ", mouse port off, whose test {test}"),
        }
    }
}

/// The reason why the controller can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// All bits of the status are set.
    Absent,
    /// It never accepts a command, or never answers.
    Silent,
    /// It never stops sending.
    Endless,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "there is no 8042 controller",
            Self::Silent => "the 8042 controller doesn't answer",
            Self::Endless => "the 8042 controller never stops sending",
        })
    }
}

/// A byte that has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::drivers) enum Arrived {
    /// From the first port.
    First(u8),
    /// From the second port. The byte is dropped.
    Second,
}

/// Reads a byte, if one has arrived. Doesn't wait.
pub(in crate::drivers) fn take() -> Option<Arrived> {
    let status = KEYBOARD_STATUS.read();
    if status == STATUS_ABSENT || status & STATUS_OUTPUT_FULL == 0 {
        return None;
    }
    let byte = KEYBOARD_DATA.read();
    Some(if status & STATUS_FROM_SECOND_PORT == 0 { Arrived::First(byte) } else { Arrived::Second })
}

/// Returns whether a byte can be sent to the keyboard now.
pub(in crate::drivers) fn has_room() -> bool {
    KEYBOARD_STATUS.read() & STATUS_INPUT_FULL == 0
}

/// Sends a byte to the keyboard. [`has_room`] must have returned true.
pub(in crate::drivers) fn send(byte: u8) {
    KEYBOARD_DATA.write(byte);
}
