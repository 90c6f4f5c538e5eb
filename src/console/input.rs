//! Keys, from wherever they are typed.

use crate::arch::interrupts::InterruptsOff;
use crate::drivers::{keyboard, serial};
use crate::sync::{IrqMutex, Rank};

/// A key that means something to a line of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// The end of the line.
    Enter,
    /// Takes the last character back.
    Backspace,
    /// Ctrl with a letter, in lower case.
    Ctrl(char),
}

impl Key {
    /// Returns what a character stands for; `None` for those without meaning.
    fn from_char(c: char) -> Option<Self> {
        match c {
            '\r' | '\n' => Some(Self::Enter),
            '\x08' | '\x7F' => Some(Self::Backspace),
            '\x01'..='\x1A' => Some(Self::Ctrl((c as u8 - 1 + b'a') as char)),
            c if c.is_control() => None,
            c => Some(Self::Char(c)),
        }
    }
}

/// Where the serial line is within an escape sequence of the terminal.
///
/// Source: ECMA-48, "Control sequences".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    Outside,
    Begun,
    Inside,
}

/// Protects the state of the serial line's escape sequences.
static ESCAPE: IrqMutex<Escape> = IrqMutex::new(Rank::Device, Escape::Outside);

impl Escape {
    /// Takes a byte; tells whether it stands outside of every sequence.
    fn advance(&mut self, byte: u8) -> bool {
        const ESC: u8 = 0x1B;
        let (next, is_text) = match (*self, byte) {
            (_, ESC) => (Self::Begun, false),
            (Self::Outside, _) => (Self::Outside, true),
            (Self::Begun, b'[' | b'O') => (Self::Inside, false),
            (Self::Begun, _) => (Self::Outside, false),
            (Self::Inside, 0x40..=0x7E) => (Self::Outside, false),
            (Self::Inside, 0x20..=0x3F) => (Self::Inside, false),
            (Self::Inside, _) => (Self::Outside, true),
        };
        *self = next;
        is_text
    }
}

/// Takes a typed key, if there is one. Escape sequences of a terminal (arrows,
/// function keys) and bytes that aren't ASCII are skipped.
pub fn try_read_key() -> Option<Key> {
    while let Some(byte) = serial::try_read() {
        let is_text = ESCAPE.lock().advance(byte) && byte.is_ascii();
        if is_text && let Some(key) = Key::from_char(byte as char) {
            return Some(key);
        }
    }
    while let Some(c) = keyboard::try_read() {
        if let Some(key) = Key::from_char(c) {
            return Some(key);
        }
    }
    None
}

/// Sleeps until a key is typed.
pub fn wait_key() -> Key {
    loop {
        // Off from the look to the sleep, or a key in between would be missed.
        let interrupts_off = InterruptsOff::new();
        if let Some(key) = try_read_key() {
            return key;
        }
        interrupts_off.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> heapless::Vec<u8, 32> {
        let mut escape = Escape::Outside;
        bytes.iter().copied().filter(|&byte| escape.advance(byte)).collect()
    }

    #[test_case]
    fn escape_sequences_are_skipped_whole() {
        assert_eq!(text(b"a\x1B[Ab\x1B[15~c\x1BOPd\x1BMe"), b"abcde");
    }

    #[test_case]
    fn broken_escape_sequences_end_at_the_next_control() {
        assert_eq!(text(b"\x1B[1\ra\x1B\x1B[Ab"), b"\rab");
    }

    #[test_case]
    fn control_characters_are_keys() {
        assert_eq!(Key::from_char('\x03'), Some(Key::Ctrl('c')));
        assert_eq!(Key::from_char('\r'), Some(Key::Enter));
        assert_eq!(Key::from_char('\x7F'), Some(Key::Backspace));
        assert_eq!(Key::from_char('\x00'), None);
    }
}
