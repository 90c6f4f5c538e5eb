//! Keys, wherever they are typed.

/// A key, or keys held together, that means something to a line of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// The end of the line.
    Enter,
    /// Takes the character before the cursor back.
    Backspace,
    /// Deletes the character at the cursor.
    Delete,
    /// One character back.
    Left,
    /// One character on.
    Right,
    /// The line before.
    Up,
    /// The line behind.
    Down,
    /// The start of the line.
    Home,
    /// The end of the line.
    End,
    /// One word back: Ctrl or Alt with Left, Alt-B.
    WordLeft,
    /// One word on: Ctrl or Alt with Right, Alt-F.
    WordRight,
    /// Deletes back to the start of a word: Alt-Backspace.
    DeleteWordLeft,
    /// Deletes up to the end of a word: Alt-D, Ctrl or Alt with Delete.
    DeleteWordRight,
    /// Completes a word.
    Tab,
    /// Ctrl with a letter, in lower case.
    Ctrl(char),
    /// Escape by itself.
    Escape,
    /// A page up, without Shift.
    PageUp,
    /// A page down, without Shift.
    PageDown,
    /// Shift-PageUp: shows what has left the screen.
    ScrollUp,
    /// Shift-PageDown: the way back.
    ScrollDown,
    /// F1 to F12, by number.
    Function(u8),
}

impl Key {
    /// Returns what a character stands for, as keyboards and terminals send it;
    /// `None` for control characters without meaning.
    pub fn from_char(c: char) -> Option<Self> {
        match c {
            '\r' | '\n' => Some(Self::Enter),
            '\x08' | '\x7F' => Some(Self::Backspace),
            '\t' => Some(Self::Tab),
            '\x1B' => Some(Self::Escape),
            '\x01'..='\x1A' => Some(Self::Ctrl((c as u8 - 1 + b'a') as char)),
            c if c.is_control() => None,
            c => Some(Self::Char(c)),
        }
    }

    /// Returns the key of its own that does the same as this one with Ctrl, else
    /// the key itself.
    pub(crate) fn without_ctrl(self) -> Self {
        match self {
            Self::Ctrl('a') => Self::Home,
            Self::Ctrl('b') => Self::Left,
            Self::Ctrl('e') => Self::End,
            Self::Ctrl('f') => Self::Right,
            Self::Ctrl('h') => Self::Backspace,
            Self::Ctrl('i') => Self::Tab,
            Self::Ctrl('j' | 'm') => Self::Enter,
            Self::Ctrl('n') => Self::Down,
            Self::Ctrl('p') => Self::Up,
            key => key,
        }
    }
}
