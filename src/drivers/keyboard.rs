//! The keyboard at the first port of the 8042 controller.
//!
//! The controller translates to scan code set 1, as the firmware leaves it. The
//! interrupt handler queues scan codes; they are decoded when they are read.
//!
//! Source: PC/AT Technical Reference, "Keyboard controller".

use core::fmt;

use heapless::Deque;
use pc_keyboard::layouts::Us104Key;
use pc_keyboard::{DecodedKey, HandleControl, PS2Keyboard, ScancodeSet1};

use crate::arch::irq::{self, Irq};
use crate::arch::ports::{self, KEYBOARD_DATA, KEYBOARD_STATUS, KeyboardCommand};
use crate::arch::progress::{self, Stage};
use crate::arch::steps::Pic;
use crate::sync::{IrqMutex, Rank};

const STATUS_OUTPUT_FULL: u8 = 1 << 0;
/// The byte comes from the second port, a mouse.
const STATUS_FROM_MOUSE: u8 = 1 << 5;
const STATUS_INPUT_FULL: u8 = 1 << 1;
/// What is read where there is no controller.
const STATUS_ABSENT: u8 = 0xFF;

const CONFIGURATION_INTERRUPT: u8 = 1 << 0;
const CONFIGURATION_MOUSE_INTERRUPT: u8 = 1 << 1;
const CONFIGURATION_PORT_OFF: u8 = 1 << 4;
const CONFIGURATION_MOUSE_OFF: u8 = 1 << 5;
const CONFIGURATION_TRANSLATE: u8 = 1 << 6;

/// How often the controller is asked whether it is ready, before it is given
/// up: at about a microsecond a question, 20 ms.
const POLLS_MAX: u32 = 20_000;
const QUEUE_SCAN_CODES: usize = 128;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyboard {
    /// A controller that answers.
    Present,
    /// None.
    Absent,
}

impl fmt::Display for Keyboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Present => "8042 controller, scan code set 1, US layout",
            Self::Absent => "none",
        })
    }
}

/// Protects the scan codes on their way from the interrupt handler to
/// [`try_read`], and the keys that are held down.
static STATE: IrqMutex<State> = IrqMutex::new(Rank::Device, State::new());

struct State {
    scan_codes: Deque<u8, QUEUE_SCAN_CODES>,
    decoder: PS2Keyboard<Us104Key, ScancodeSet1>,
    lost: u64,
}

impl State {
    const fn new() -> Self {
        Self {
            scan_codes: Deque::new(),
            decoder: PS2Keyboard::new(
                ScancodeSet1::new(),
                Us104Key,
                HandleControl::MapLettersToUnicode,
            ),
            lost: 0,
        }
    }

    fn handle_interrupt(&mut self) {
        let Some(status) = status() else { return };
        if status & STATUS_OUTPUT_FULL == 0 {
            return;
        }
        let code = KEYBOARD_DATA.read();
        if status & STATUS_FROM_MOUSE == 0 && self.scan_codes.push_back(code).is_err() {
            self.lost += 1;
        }
    }

    /// Decodes scan codes until they make a character.
    fn next_char(&mut self) -> Option<char> {
        while let Some(code) = self.scan_codes.pop_front() {
            // A scan code that means nothing is a key that we don't know.
            let event = self.decoder.add_byte(code).ok().flatten();
            let key = event.and_then(|event| self.decoder.process_keyevent(event));
            if let Some(DecodedKey::Unicode(c)) = key {
                return Some(c);
            }
        }
        None
    }
}

/// Makes the controller send scan codes of set 1 by interrupts.
pub fn start(pic: Pic) -> Keyboard {
    progress::mark(Stage::Keyboard);
    let found = if configure().is_some() { Keyboard::Present } else { Keyboard::Absent };
    match found {
        Keyboard::Present => {
            irq::set_handler(pic, Irq::Keyboard, || STATE.lock().handle_interrupt());
            log::info!("{found}");
        }
        Keyboard::Absent => log::warn!("no 8042 controller answers"),
    }
    found
}

/// Takes a typed character, if there is one. Enter is `\n`, backspace `\x08`,
/// Ctrl with a letter the control character.
pub fn try_read() -> Option<char> {
    STATE.lock().next_char()
}

/// Takes a raw scan code, if there is one.
pub fn try_read_scan_code() -> Option<u8> {
    STATE.lock().scan_codes.pop_front()
}

/// Returns how many scan codes were lost because nobody read them.
pub fn lost() -> u64 {
    STATE.lock().lost
}

/// Returns `None` if no controller answers. Both ports are off meanwhile, or what
/// they send would be taken for the configuration.
fn configure() -> Option<()> {
    status()?;
    command(KeyboardCommand::DisableFirstPort)?;
    command(KeyboardCommand::DisableSecondPort)?;
    // What was typed so far is not for us.
    for _ in 0..16 {
        if status()? & STATUS_OUTPUT_FULL != 0 {
            KEYBOARD_DATA.read();
        }
    }
    command(KeyboardCommand::ReadConfiguration)?;
    wait_for(|status| status & STATUS_OUTPUT_FULL != 0)?;
    let on = CONFIGURATION_INTERRUPT | CONFIGURATION_TRANSLATE | CONFIGURATION_MOUSE_OFF;
    let off = CONFIGURATION_PORT_OFF | CONFIGURATION_MOUSE_INTERRUPT;
    let configuration = (KEYBOARD_DATA.read() | on) & !off;
    command(KeyboardCommand::WriteConfiguration)?;
    wait_for(|status| status & STATUS_INPUT_FULL == 0)?;
    KEYBOARD_DATA.write(configuration);
    command(KeyboardCommand::EnableFirstPort)
}

fn command(command: KeyboardCommand) -> Option<()> {
    wait_for(|status| status & STATUS_INPUT_FULL == 0)?;
    ports::send_command(command);
    Some(())
}

fn wait_for(is_ready: impl Fn(u8) -> bool) -> Option<()> {
    (0..POLLS_MAX).find(|_| status().is_some_and(&is_ready)).map(|_| ())
}

fn status() -> Option<u8> {
    let status = KEYBOARD_STATUS.read();
    (status != STATUS_ABSENT).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(codes: &[u8]) -> heapless::String<16> {
        let mut state = State::new();
        state.scan_codes.extend(codes.iter().copied());
        core::iter::from_fn(|| state.next_char()).collect()
    }

    #[test_case]
    fn scan_codes_become_characters() {
        // h, shift down, i, shift up, 1, Enter, backspace; keys up in between.
        let codes = [0x23, 0xA3, 0x2A, 0x17, 0x97, 0xAA, 0x02, 0x82, 0x1C, 0x9C, 0x0E];
        assert_eq!(typed(&codes), "hI1\n\x08");
    }

    #[test_case]
    fn unknown_scan_codes_are_skipped() {
        assert_eq!(typed(&[0xE0, 0x7F, 0x00, 0x23]), "h");
    }
}
