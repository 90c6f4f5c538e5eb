//! Keys, independent of the device.

/// A key, or a combination of keys, that has a meaning in a line of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// The end of the line.
    Enter,
    /// Deletes the character before the cursor.
    Backspace,
    /// Deletes the character at the cursor.
    Delete,
    /// One character to the left.
    Left,
    /// One character to the right.
    Right,
    /// The previous line.
    Up,
    /// The next line.
    Down,
    /// The start of the line.
    Home,
    /// The end of the line.
    End,
    /// One word to the left: Ctrl or Alt with Left, Alt-B.
    WordLeft,
    /// One word to the right: Ctrl or Alt with Right, Alt-F.
    WordRight,
    /// Deletes back to the start of a word: Alt-Backspace.
    DeleteWordLeft,
    /// Deletes up to the end of a word: Alt-D, Ctrl or Alt with Delete.
    DeleteWordRight,
    /// Completes a word.
    Tab,
    /// Ctrl with a letter, in lower case, or with one of `@`, `\`, `]`, `^` and `_`.
    Ctrl(char),
    /// Escape by itself.
    Escape,
    /// A page up, without Shift.
    PageUp,
    /// A page down, without Shift.
    PageDown,
    /// Shift-PageUp: shows lines that have left the screen.
    ScrollUp,
    /// Shift-PageDown: moves the view back.
    ScrollDown,
    /// F1 to F12, by number.
    Function(u8),
}

impl Key {
    /// Returns the key of a character that a keyboard or terminal sends; `None` for control
    /// characters without a meaning.
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

    /// Returns the named key that is equivalent to this Ctrl combination, else the key
    /// itself.
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
