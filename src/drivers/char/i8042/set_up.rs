//! Setting up the controller.

use keyboard_keys::{ACKNOWLEDGED, RESEND, ScanCodeSet};

use super::{
    Attached, Controller, Error, Ports, STATUS_ABSENT, STATUS_FROM_SECOND_PORT, STATUS_INPUT_FULL,
    STATUS_OUTPUT_FULL, SecondPort, Test,
};
use crate::arch::ports::KeyboardCommand;

pub(super) const CONFIGURATION_INTERRUPT: u8 = 1 << 0;
pub(super) const CONFIGURATION_SECOND_INTERRUPT: u8 = 1 << 1;
pub(super) const CONFIGURATION_PORT_OFF: u8 = 1 << 4;
pub(super) const CONFIGURATION_SECOND_OFF: u8 = 1 << 5;
pub(super) const CONFIGURATION_TRANSLATE: u8 = 1 << 6;

pub(super) const CONTROLLER_PASSED: u8 = 0x55;
pub(super) const PORT_PASSED: u8 = 0x00;

pub(super) const IDENTIFY: u8 = 0xF2;
/// Makes the keyboard send keys, which the request for its identity may have stopped.
pub(super) const ENABLE: u8 = 0xF4;
pub(super) const RESET: u8 = 0xFF;

/// The limit for setting up, whatever the controller does.
pub(super) const SET_UP_MAX_US: u64 = 900_000;
/// The time-out for the controller to be ready, or to answer.
pub(super) const READY_MAX_US: u64 = 50_000;
/// The time-out for the controller's self-test.
pub(super) const TEST_MAX_US: u64 = 200_000;
/// The time-out for the keyboard's answer to a command; the manual allows 20 ms.
pub(super) const ANSWER_MAX_US: u64 = 100_000;
/// The time-out for each further byte of an answer.
pub(super) const FURTHER_MAX_US: u64 = 20_000;
/// The time-out for the keyboard's self-test, which takes 300 to 750 ms. A later answer
/// is handled like that of a keyboard that was plugged in.
pub(super) const RESET_MAX_US: u64 = 400_000;
/// The limit for dropped bytes: more than any controller can store.
pub(super) const LEFT_OVER_MAX: u32 = 64;
/// The limit for polls in one wait, in case the clock has stopped: more than the longest wait
/// needs.
pub(super) const POLLS_MAX: u32 = 2_000_000;

/// Sets up the controller, so that it signals the keyboard's bytes by interrupts, translated to set
/// 1 if it can. Takes less than a second, with interrupts on or off.
///
/// # Errors
/// See [`Error`]. The settings made so far are kept.
pub(in crate::drivers) fn set_up(ports: &mut impl Ports) -> Result<Controller, Error> {
    if ports.status() == STATUS_ABSENT {
        return Err(Error::Absent);
    }
    let end_us = ports.now_us() + SET_UP_MAX_US;
    let mut setup = SetUp { ports, end_us };
    // Both ports are turned off first, because the devices' bytes could be mistaken for answers.
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
    /// Waits for a wanted status and returns it. Reads the status at least once, even after the
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
        // Drops keys that were typed before, or a late answer.
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
            // The test's time and result are ignored: keys may arrive in any case.
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
            // Bytes of pressed keys may come before the acknowledgement.
            (0..LEFT_OVER_MAX)
                .map_while(|_| self.receive(ANSWER_MAX_US))
                .find(|answer| matches!(*answer, ACKNOWLEDGED | RESEND))
                .is_some_and(|answer| answer == ACKNOWLEDGED)
        })
    }
}
