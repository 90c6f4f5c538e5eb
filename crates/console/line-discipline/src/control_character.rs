//! The characters that have a meaning for a terminal.

/// The number of control characters in a [`Termios`](crate::Termios).
pub const CONTROL_CHARACTERS: usize = 19;

/// The value of a disabled control character. The byte 0 is never special.
pub const DISABLED: u8 = 0;

/// A control character, numbered by its index in `c_cc`.
///
/// Source: Linux UAPI, asm-generic/termbits.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ControlCharacter {
    /// Sends SIGINT.
    Interrupt = 0,
    /// Sends SIGQUIT.
    Quit = 1,
    /// Erases a character.
    Erase = 2,
    /// Erases the line.
    Kill = 3,
    /// Ends the input: a read returns the line so far.
    EndOfFile = 4,
    /// Not a character: how long a raw read waits, in tenths of a second.
    Time = 5,
    /// Not a character: how many bytes a raw read waits for.
    Minimum = 6,
    /// Unused on Linux.
    Switch = 7,
    /// Restarts the output.
    Start = 8,
    /// Stops the output.
    Stop = 9,
    /// Sends SIGTSTP.
    Suspend = 10,
    /// Ends a line, as NL does.
    EndOfLine = 11,
    /// Shows the line again.
    Reprint = 12,
    /// Unused on Linux.
    Discard = 13,
    /// Erases a word.
    WordErase = 14,
    /// Takes the next character as it is.
    LiteralNext = 15,
    /// Ends a line, as NL and EOL do.
    EndOfLine2 = 16,
}
