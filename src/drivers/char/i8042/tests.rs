//! Tests of setting up simulated controllers: working, faulty, and missing ones.

use heapless::Deque;

use crate::arch::ports::KeyboardCommand;
use crate::drivers::char::i8042::set_up::*;
use crate::drivers::char::i8042::*;

/// A simulated controller. The fields select its faults.
struct Played {
    /// The time that each access takes.
    access_us: u64,
    is_absent: bool,
    /// It never accepts a byte.
    is_stuck: bool,
    /// There is always one more byte.
    is_endless: bool,
    /// It accepts commands, and answers none.
    is_mute: bool,
    test: u8,
    does_test_reset: bool,
    can_translate: bool,
    has_second_port: bool,
    has_mouse_that_moves: bool,
    /// The keyboard's answers, one list of bytes for each byte that is sent to it.
    keyboard: &'static [&'static [u8]],

    now_us: u64,
    configuration: u8,
    output: Deque<(u8, bool), 16>,
    expects_configuration: bool,
    sent: Deque<u8, 16>,
}

/// A keyboard with an identity.
const WELL: &[&[u8]] = &[&[0xFA, 0xAB, 0x41], &[0xFA]];
const REFUSES: &[&[u8]] = &[&[0xFE], &[0xFE], &[0xFE], &[0xFE], &[0xFE]];
const BABBLES: &[&[u8]] = &[&[0x55; 8], &[0x55; 8], &[0x55; 8], &[0x55; 8]];

impl Played {
    fn new() -> Self {
        let mut output = Deque::new();
        output.extend([(0x1C, false), (0x9C, false)]);
        Self {
            access_us: 1,
            is_absent: false,
            is_stuck: false,
            is_endless: false,
            is_mute: false,
            test: CONTROLLER_PASSED,
            does_test_reset: false,
            can_translate: true,
            has_second_port: true,
            has_mouse_that_moves: false,
            keyboard: WELL,
            now_us: 0,
            // The firmware's configuration.
            configuration: 0x47,
            output,
            expects_configuration: false,
            sent: Deque::new(),
        }
    }

    fn answer(&mut self, byte: u8) {
        if !self.is_mute {
            self.output.push_back((byte, false)).expect("answers are fetched");
        }
    }

    /// Sets it up, and asserts that this didn't take too long.
    fn set_up(&mut self) -> Result<Controller, Error> {
        let result = set_up(self);
        assert!(self.now_us <= 1_000_000, "it took {} us", self.now_us);
        result
    }
}

impl Ports for Played {
    fn status(&mut self) -> u8 {
        self.now_us += self.access_us;
        if self.is_absent {
            return STATUS_ABSENT;
        }
        let mut status = if self.is_stuck { STATUS_INPUT_FULL } else { 0 };
        match self.output.front() {
            Some((_, true)) => status |= STATUS_OUTPUT_FULL | STATUS_FROM_SECOND_PORT,
            Some((_, false)) => status |= STATUS_OUTPUT_FULL,
            None if self.is_endless => status |= STATUS_OUTPUT_FULL,
            None => {}
        }
        status
    }

    fn read(&mut self) -> u8 {
        self.now_us += self.access_us;
        self.output.pop_front().map_or(0, |(byte, _)| byte)
    }

    fn write(&mut self, byte: u8) {
        self.now_us += self.access_us;
        if core::mem::take(&mut self.expects_configuration) {
            self.configuration = byte;
            if !self.can_translate {
                self.configuration &= !CONFIGURATION_TRANSLATE;
            }
            if !self.has_second_port {
                self.configuration |= CONFIGURATION_SECOND_OFF;
            }
            return;
        }
        self.sent.push_back(byte).expect("few bytes are sent");
        let answers = self.keyboard.split_first();
        if let Some((answer, others)) = answers {
            self.keyboard = others;
            for &byte in *answer {
                self.answer(byte);
            }
        }
    }

    fn command(&mut self, command: KeyboardCommand) {
        self.now_us += self.access_us;
        let second_off = CONFIGURATION_SECOND_OFF;
        match command {
            KeyboardCommand::ReadConfiguration => {
                if self.has_mouse_that_moves && self.configuration & second_off == 0 {
                    // A movement of the mouse.
                    self.output.push_back((0x28, true)).expect("few bytes wait");
                }
                self.answer(self.configuration);
            }
            KeyboardCommand::WriteConfiguration => self.expects_configuration = true,
            KeyboardCommand::DisableFirstPort => self.configuration |= CONFIGURATION_PORT_OFF,
            KeyboardCommand::EnableFirstPort => self.configuration &= !CONFIGURATION_PORT_OFF,
            KeyboardCommand::DisableSecondPort => self.configuration |= second_off,
            KeyboardCommand::EnableSecondPort if self.has_second_port => {
                self.configuration &= !second_off;
            }
            KeyboardCommand::EnableSecondPort => {}
            KeyboardCommand::TestController => {
                if self.does_test_reset {
                    self.configuration = 0x30;
                }
                self.answer(self.test);
            }
            KeyboardCommand::TestFirstPort | KeyboardCommand::TestSecondPort => self.answer(0),
            KeyboardCommand::SendBack => panic!("setting up sends nothing back"),
        }
    }

    fn now_us(&mut self) -> u64 {
        // Reading the clock also takes time; otherwise a wait for a stuck controller would never
        // end.
        self.now_us += 1;
        self.now_us
    }
}

const RUNNING: u8 = CONFIGURATION_INTERRUPT | CONFIGURATION_SECOND_OFF | CONFIGURATION_TRANSLATE;

/// The configuration's bits that the kernel sets.
const DECIDED: u8 = RUNNING | CONFIGURATION_SECOND_INTERRUPT | CONFIGURATION_PORT_OFF;

#[test_case]
fn well_behaved_controller_is_set_up() {
    let mut played = Played::new();
    let controller = Controller {
        set: ScanCodeSet::One,
        test: Test::Passed,
        first_port: Test::Passed,
        second_port: SecondPort::Off(Test::Passed),
        attached: Attached::Identified([0xAB, 0x41]),
    };
    assert_eq!(played.set_up(), Ok(controller));
    assert_eq!(played.configuration & DECIDED, RUNNING);
    assert!(played.sent.iter().eq(&[IDENTIFY, ENABLE]));
    assert!(played.output.is_empty());
}

#[test_case]
fn configuration_survives_a_test_that_resets_it() {
    let mut played = Played { does_test_reset: true, ..Played::new() };
    assert!(played.set_up().is_ok());
    assert_eq!(played.configuration & DECIDED, RUNNING);
}

#[test_case]
fn failed_test_does_not_keep_the_keyboard_away() {
    let mut played = Played { test: 0xFC, ..Played::new() };
    let controller = played.set_up().expect("it answers");
    assert_eq!(controller.test, Test::Failed(0xFC));
    assert_eq!(controller.attached, Attached::Identified([0xAB, 0x41]));
    assert_eq!(played.configuration & DECIDED, RUNNING);
}

#[test_case]
fn controller_that_does_not_translate_sends_set_2() {
    let mut played = Played { can_translate: false, ..Played::new() };
    assert_eq!(played.set_up().map(|controller| controller.set), Ok(ScanCodeSet::Two));
    assert_eq!(played.configuration & DECIDED, RUNNING & !CONFIGURATION_TRANSLATE);
}

#[test_case]
fn second_port_is_found_by_its_bit() {
    let mut played = Played { has_second_port: false, ..Played::new() };
    let second_port = played.set_up().map(|controller| controller.second_port);
    assert_eq!(second_port, Ok(SecondPort::Absent));
    // A mouse's bytes aren't mistaken for answers.
    let mut played = Played { has_mouse_that_moves: true, ..Played::new() };
    let controller = played.set_up().expect("it answers");
    assert_eq!(controller.second_port, SecondPort::Off(Test::Passed));
    assert_eq!(controller.attached, Attached::Identified([0xAB, 0x41]));
}

#[test_case]
fn keyboards_of_all_kinds_are_survived() {
    let kinds: [(&'static [&'static [u8]], Attached); 6] = [
        // No keyboard.
        (&[], Attached::Nothing),
        // A keyboard that only acknowledges.
        (&[&[0xFA], &[0xFA]], Attached::Unidentified),
        // A keyboard that requests the byte again, while a key is pressed.
        (&[&[0xFE], &[0x1E, 0x9E, 0xFA, 0xAB, 0x83]], Attached::Identified([0xAB, 0x83])),
        // The controller's answer if nothing is connected.
        (REFUSES, Attached::Nothing),
        // A keyboard that has to be reset.
        (&[&[], &[], &[0xFA, 0xAA]], Attached::Unidentified),
        // A keyboard that sends random bytes.
        (BABBLES, Attached::Nothing),
    ];
    for (keyboard, attached) in kinds {
        let mut played = Played { keyboard, ..Played::new() };
        assert_eq!(played.set_up().map(|controller| controller.attached), Ok(attached));
        // A keyboard may be plugged in later.
        assert_eq!(played.configuration & DECIDED, RUNNING);
    }
}

#[test_case]
fn missing_controllers_are_errors() {
    let mut absent = Played { is_absent: true, ..Played::new() };
    assert_eq!(absent.set_up(), Err(Error::Absent));
    let mut stuck = Played { is_stuck: true, ..Played::new() };
    assert_eq!(stuck.set_up(), Err(Error::Silent));
    let mut mute = Played { is_mute: true, ..Played::new() };
    assert_eq!(mute.set_up(), Err(Error::Silent));
    let mut endless = Played { is_endless: true, ..Played::new() };
    assert_eq!(endless.set_up(), Err(Error::Endless));
}

#[test_case]
fn slow_emulation_ends_in_time() {
    let mut slow = Played { access_us: 100, ..Played::new() };
    assert!(slow.set_up().is_ok());
    let mut slow_and_empty = Played { access_us: 500, keyboard: &[], ..Played::new() };
    assert!(slow_and_empty.set_up().is_ok());
}

#[test_case]
fn clock_that_stands_is_survived() {
    struct Standing;
    impl Ports for Standing {
        fn status(&mut self) -> u8 {
            STATUS_INPUT_FULL
        }
        fn read(&mut self) -> u8 {
            0
        }
        fn write(&mut self, _: u8) {}
        fn command(&mut self, _: KeyboardCommand) {}
        fn now_us(&mut self) -> u64 {
            0
        }
    }
    assert_eq!(set_up(&mut Standing), Err(Error::Silent));
}
