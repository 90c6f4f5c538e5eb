//! The 8042, the controller of the PC's keyboard and mouse.
//!
//! Many machines have none, or firmware emulates it for a USB keyboard and takes up to a
//! tenth of a millisecond for each access. So every wait has a time-out, and all waits
//! together are limited by [`SET_UP_MAX_US`].
//!
//! The second port, for a mouse, is detected and left off.
//!
//! Source: PC/AT Technical Reference, "Keyboard controller"; PS/2 Technical
//! Reference, "Keyboard and auxiliary device controller".

#[cfg(test)]
mod tests;

use core::fmt;

use keyboard_keys::{ACKNOWLEDGED, RESEND, ScanCodeSet};

use crate::arch::ports::{self, KEYBOARD_DATA, KEYBOARD_STATUS, KeyboardCommand};
use crate::arch::time::clock::Clock;

const STATUS_OUTPUT_FULL: u8 = 1 << 0;
const STATUS_INPUT_FULL: u8 = 1 << 1;
/// The byte is from the second port.
const STATUS_FROM_SECOND_PORT: u8 = 1 << 5;
/// The status that is read without a controller.
const STATUS_ABSENT: u8 = 0xFF;

const CONFIGURATION_INTERRUPT: u8 = 1 << 0;
const CONFIGURATION_SECOND_INTERRUPT: u8 = 1 << 1;
const CONFIGURATION_PORT_OFF: u8 = 1 << 4;
const CONFIGURATION_SECOND_OFF: u8 = 1 << 5;
const CONFIGURATION_TRANSLATE: u8 = 1 << 6;

const CONTROLLER_PASSED: u8 = 0x55;
const PORT_PASSED: u8 = 0x00;

const IDENTIFY: u8 = 0xF2;
/// Makes the keyboard send keys; the request for its identity may have stopped it.
const ENABLE: u8 = 0xF4;
const RESET: u8 = 0xFF;

/// The limit for setting up, whatever the controller does.
const SET_UP_MAX_US: u64 = 900_000;
/// The time-out for the controller to be ready, or to answer.
const READY_MAX_US: u64 = 50_000;
/// The time-out for the controller's self-test.
const TEST_MAX_US: u64 = 200_000;
/// The time-out for the keyboard's answer to a command; the manual allows 20 ms.
const ANSWER_MAX_US: u64 = 100_000;
/// The time-out for each further byte of an answer.
const FURTHER_MAX_US: u64 = 20_000;
/// The time-out for the keyboard's self-test, which takes 300 to 750 ms. A later answer
/// is handled as that of a keyboard that was plugged in.
const RESET_MAX_US: u64 = 400_000;
/// The limit for dropped bytes: more than any controller stores.
const LEFT_OVER_MAX: u32 = 64;
/// The limit for polls in one wait, in case the clock stands still: more than the longest
/// wait has.
const POLLS_MAX: u32 = 2_000_000;

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
    /// None. A keyboard that is plugged in later works.
    Nothing,
    /// A keyboard without an identity, such as the AT's.
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

/// Why no controller can be used.
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
            Self::Endless => "the 8042 controller never stops to send",
        })
    }
}

/// Sets up the controller, so that it passes the keyboard's bytes on by interrupts,
/// translated to set 1 if it can. Takes less than a second, with interrupts on or off.
///
/// # Errors
/// See [`Error`]. The settings made so far are kept.
pub(in crate::drivers) fn set_up(ports: &mut impl Ports) -> Result<Controller, Error> {
    if ports.status() == STATUS_ABSENT {
        return Err(Error::Absent);
    }
    let end_us = ports.now_us() + SET_UP_MAX_US;
    let mut setup = SetUp { ports, end_us };
    // The ports are off, because the devices' bytes could be mistaken for answers.
    setup.command(KeyboardCommand::DisableFirstPort)?;
    setup.command(KeyboardCommand::DisableSecondPort)?;
    let before = setup.ask(KeyboardCommand::ReadConfiguration, READY_MAX_US)?;
    let interrupts = CONFIGURATION_INTERRUPT | CONFIGURATION_SECOND_INTERRUPT;
    let ports_off = CONFIGURATION_PORT_OFF | CONFIGURATION_SECOND_OFF;
    let quiet = before.ok_or(Error::Silent)? & !interrupts | ports_off | CONFIGURATION_TRANSLATE;
    setup.configure(quiet)?;
    let answer = setup.ask(KeyboardCommand::TestController, TEST_MAX_US)?;
    let test = Test::new(answer, CONTROLLER_PASSED);
    // The test resets the configuration of some controllers.
    setup.configure(quiet)?;
    let second_port = setup.find_second_port()?;
    let answer = setup.ask(KeyboardCommand::TestFirstPort, READY_MAX_US)?;
    let first_port = Test::new(answer, PORT_PASSED);

    let kept = setup.ask(KeyboardCommand::ReadConfiguration, READY_MAX_US)?;
    let is_translating = kept.is_none_or(|kept| kept & CONFIGURATION_TRANSLATE != 0);
    let (set, off) = if is_translating {
        (ScanCodeSet::One, CONFIGURATION_PORT_OFF)
    } else {
        (ScanCodeSet::Two, CONFIGURATION_PORT_OFF | CONFIGURATION_TRANSLATE)
    };
    setup.command(KeyboardCommand::EnableFirstPort)?;
    let attached = setup.find_keyboard();
    setup.configure(quiet & !off | CONFIGURATION_INTERRUPT)?;
    setup.command(KeyboardCommand::EnableFirstPort)?;
    Ok(Controller { set, test, first_port, second_port, attached })
}

/// Setting up, with the time at which it has to end.
struct SetUp<'a, P> {
    ports: &'a mut P,
    end_us: u64,
}

impl<P: Ports> SetUp<'_, P> {
    /// Waits for a wanted status and returns it. Checks at least once, even after the
    /// time-out.
    fn wait_for(&mut self, max_us: u64, is_wanted: impl Fn(u8) -> bool) -> Option<u8> {
        let end_us = self.end_us.min(self.ports.now_us() + max_us);
        for _ in 0..POLLS_MAX {
            let status = self.ports.status();
            if status != STATUS_ABSENT && is_wanted(status) {
                return Some(status);
            }
            if self.ports.now_us() >= end_us {
                break;
            }
        }
        None
    }

    fn wait_for_room(&mut self) -> Result<(), Error> {
        let has_room = self.wait_for(READY_MAX_US, |status| status & STATUS_INPUT_FULL == 0);
        has_room.map(|_| ()).ok_or(Error::Silent)
    }

    fn command(&mut self, command: KeyboardCommand) -> Result<(), Error> {
        self.wait_for_room()?;
        self.ports.command(command);
        Ok(())
    }

    /// Waits for a byte that isn't from the second port.
    fn receive(&mut self, max_us: u64) -> Option<u8> {
        for _ in 0..LEFT_OVER_MAX {
            let status = self.wait_for(max_us, |status| status & STATUS_OUTPUT_FULL != 0)?;
            let byte = self.ports.read();
            if status & STATUS_FROM_SECOND_PORT == 0 {
                return Some(byte);
            }
        }
        None
    }

    /// Sends a command and waits for its answer; `None` if there is none. The ports have
    /// to be off.
    fn ask(&mut self, command: KeyboardCommand, max_us: u64) -> Result<Option<u8>, Error> {
        // Keys typed before, or a late answer.
        self.drop_left_over()?;
        self.command(command)?;
        Ok(self.receive(max_us))
    }

    fn configure(&mut self, configuration: u8) -> Result<(), Error> {
        self.command(KeyboardCommand::WriteConfiguration)?;
        self.wait_for_room()?;
        self.ports.write(configuration);
        Ok(())
    }

    fn drop_left_over(&mut self) -> Result<(), Error> {
        self.wait_for_room()?;
        for _ in 0..LEFT_OVER_MAX {
            if self.ports.status() & STATUS_OUTPUT_FULL == 0 {
                return Ok(());
            }
            self.ports.read();
        }
        Err(Error::Endless)
    }

    /// Checks whether the second port can be turned on, and leaves it off.
    fn find_second_port(&mut self) -> Result<SecondPort, Error> {
        self.command(KeyboardCommand::EnableSecondPort)?;
        let on = self.ask(KeyboardCommand::ReadConfiguration, READY_MAX_US)?;
        self.command(KeyboardCommand::DisableSecondPort)?;
        if on.is_none_or(|on| on & CONFIGURATION_SECOND_OFF != 0) {
            return Ok(SecondPort::Absent);
        }
        let answer = self.ask(KeyboardCommand::TestSecondPort, READY_MAX_US)?;
        Ok(SecondPort::Off(Test::new(answer, PORT_PASSED)))
    }

    /// Requests the keyboard's identity. If it doesn't answer, resets it.
    fn find_keyboard(&mut self) -> Attached {
        if self.send(IDENTIFY) {
            let first = self.receive(FURTHER_MAX_US);
            let second = first.and_then(|_| self.receive(FURTHER_MAX_US));
            // The request may have stopped it from sending keys.
            self.send(ENABLE);
            return match (first, second) {
                (Some(first), Some(second)) => Attached::Identified([first, second]),
                _ => Attached::Unidentified,
            };
        }
        if self.send(RESET) {
            // The test's time and result don't matter: keys may arrive anyway.
            self.receive(RESET_MAX_US);
            return Attached::Unidentified;
        }
        Attached::Nothing
    }

    /// Sends a byte to the keyboard; returns whether the keyboard has acknowledged it.
    fn send(&mut self, byte: u8) -> bool {
        const TRIES: u32 = 2;
        (0..TRIES).any(|_| {
            if self.wait_for_room().is_err() {
                return false;
            }
            self.ports.write(byte);
            // Bytes of pressed keys may come before it.
            (0..LEFT_OVER_MAX)
                .map_while(|_| self.receive(ANSWER_MAX_US))
                .find(|answer| matches!(*answer, ACKNOWLEDGED | RESEND))
                .is_some_and(|answer| answer == ACKNOWLEDGED)
        })
    }
}

/// A byte that has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::drivers) enum Arrived {
    /// From the first port.
    First(u8),
    /// From the second port; it is dropped.
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
