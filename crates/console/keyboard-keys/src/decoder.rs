//! Decodes scan codes into key presses.

use core::fmt;

use pc_keyboard::{KeyCode, KeyState, Modifiers, ScancodeSet, ScancodeSet1, ScancodeSet2};

use crate::lights::{ACKNOWLEDGED, Lights, RESEND};

/// The byte that a keyboard sends after its self-test when it was plugged in. In set 1 it
/// is also the code for the release of the left Shift key.
const SELF_TEST_PASSED: u8 = 0xAA;
const ECHO: u8 = 0xEE;
/// A keyboard sends one of these bytes when its buffer has overflowed.
const TOO_MANY_KEYS: [u8; 2] = [0x00, 0xFF];

/// The numbering of the keys.
///
/// Source: PS/2 Technical Reference, "Keyboard scan codes".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanCodeSet {
    /// The PC's set, to which the keyboard controller translates.
    One,
    /// The AT's set, which keyboards send.
    Two,
}

impl fmt::Display for ScanCodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "set 1",
            Self::Two => "set 2",
        })
    }
}

/// A key that was pressed, or repeats, with the modifiers and locks of that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPress {
    /// The key's position on the keyboard.
    pub(crate) code: KeyCode,
    pub(crate) modifiers: Modifiers,
}

/// An event of the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key was pressed that isn't a modifier.
    Press(KeyPress),
    /// Ctrl, Alt and Delete (or the keypad's) are held together.
    ControlAltDelete,
    /// Ctrl, Alt and Escape are held together.
    ControlAltEscape,
    /// The keyboard was plugged in: its lights are off, and no key is down.
    PluggedIn,
}

/// Converts the bytes that a keyboard sends into events. Allocates nothing.
pub struct Decoder {
    codes: Codes,
    modifiers: Modifiers,
    is_scroll_locked: bool,
    /// The lock keys that are held. They repeat, but only the first press toggles a lock.
    locks_held: Lights,
}

/// The state for each set: the first bytes of a code.
enum Codes {
    One(ScancodeSet1),
    Two(ScancodeSet2),
}

impl Decoder {
    /// Returns a decoder in its initial state: NumLock is on, the other locks are off.
    pub const fn new(set: ScanCodeSet) -> Self {
        Self {
            codes: match set {
                ScanCodeSet::One => Codes::One(ScancodeSet1::new()),
                ScanCodeSet::Two => Codes::Two(ScancodeSet2::new()),
            },
            modifiers: NOTHING_HELD,
            is_scroll_locked: false,
            locks_held: Lights::empty(),
        }
    }

    /// Decodes the next byte; returns the event if the byte completes one.
    ///
    /// Answers to commands and codes of unknown keys are ignored.
    pub fn push(&mut self, byte: u8) -> Option<Event> {
        if matches!(byte, ACKNOWLEDGED | RESEND | ECHO) || TOO_MANY_KEYS.contains(&byte) {
            return None;
        }
        let event = match &mut self.codes {
            Codes::One(codes) => codes.advance_state(byte),
            Codes::Two(codes) => codes.advance_state(byte),
        };
        let event = event.ok().flatten()?;
        match (event.code, event.state) {
            (KeyCode::LShift, KeyState::Up)
                if byte == SELF_TEST_PASSED && !self.modifiers.lshift =>
            {
                Some(self.begin_again())
            }
            (KeyCode::PowerOnTestOk, _) => Some(self.begin_again()),
            (code, KeyState::Down) => self.press(code),
            (code, _) => {
                self.hold(code, false);
                None
            }
        }
    }

    /// Returns which lights should be on.
    pub fn lights(&self) -> Lights {
        let mut lights = Lights::empty();
        lights.set(Lights::SCROLL_LOCK, self.is_scroll_locked);
        lights.set(Lights::NUM_LOCK, self.modifiers.numlock);
        lights.set(Lights::CAPS_LOCK, self.modifiers.capslock);
        lights
    }

    /// Clears the modifiers and pressed lock keys; the locks stay as they are.
    fn begin_again(&mut self) -> Event {
        let Modifiers { numlock, capslock, .. } = self.modifiers;
        self.modifiers = Modifiers { numlock, capslock, ..NOTHING_HELD };
        self.locks_held = Lights::empty();
        Event::PluggedIn
    }

    fn press(&mut self, code: KeyCode) -> Option<Event> {
        // Pause is sent as a special Ctrl and NumLock.
        let code = match code {
            KeyCode::NumpadLock if self.modifiers.rctrl2 => KeyCode::PauseBreak,
            code => code,
        };
        if self.hold(code, true) {
            return None;
        }
        let modifiers = self.modifiers.clone();
        let is_delete = matches!(code, KeyCode::Delete | KeyCode::NumpadPeriod);
        if is_delete && modifiers.is_ctrl() && modifiers.is_alt() {
            return Some(Event::ControlAltDelete);
        }
        if code == KeyCode::Escape && modifiers.is_ctrl() && modifiers.is_alt() {
            return Some(Event::ControlAltEscape);
        }
        Some(Event::Press(KeyPress { code, modifiers }))
    }

    /// Records that a modifier or a lock key goes down or up; returns whether the key is
    /// one of these.
    fn hold(&mut self, code: KeyCode, is_down: bool) -> bool {
        let held = match code {
            KeyCode::LShift => &mut self.modifiers.lshift,
            KeyCode::RShift => &mut self.modifiers.rshift,
            KeyCode::LControl => &mut self.modifiers.lctrl,
            KeyCode::RControl => &mut self.modifiers.rctrl,
            KeyCode::LAlt => &mut self.modifiers.lalt,
            KeyCode::RAltGr => &mut self.modifiers.ralt,
            KeyCode::RControl2 => &mut self.modifiers.rctrl2,
            // Keyboards add Shift codes to those of the arrow keys, for compatibility with
            // the original PC.
            KeyCode::RAlt2 => return true,
            _ => return self.turn_lock(code, is_down),
        };
        *held = is_down;
        true
    }

    /// Toggles a lock if the key is a lock key that wasn't down; returns whether it is a
    /// lock key.
    fn turn_lock(&mut self, code: KeyCode, is_down: bool) -> bool {
        let (light, lock) = match code {
            KeyCode::CapsLock => (Lights::CAPS_LOCK, &mut self.modifiers.capslock),
            KeyCode::NumpadLock => (Lights::NUM_LOCK, &mut self.modifiers.numlock),
            KeyCode::ScrollLock => (Lights::SCROLL_LOCK, &mut self.is_scroll_locked),
            _ => return false,
        };
        *lock ^= is_down && !self.locks_held.contains(light);
        self.locks_held.set(light, is_down);
        true
    }
}

const NOTHING_HELD: Modifiers = Modifiers {
    lshift: false,
    rshift: false,
    lctrl: false,
    rctrl: false,
    numlock: true,
    capslock: false,
    lalt: false,
    ralt: false,
    rctrl2: false,
};
