//! The errors of building a stack.

use core::fmt;

/// Why a string wasn't added, or the stack wasn't built. A failed call changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackError {
    /// A string is too long, or all strings together are. E2BIG on Linux.
    TooBig,
    /// No memory is left for the strings. ENOMEM.
    OutOfMemory,
    /// There is no room for the stack below its top. ENOMEM.
    NoRoom,
    /// The reader copied nothing before the string's NUL was read. EFAULT.
    Unterminated,
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooBig => "arguments and environment are too large",
            Self::OutOfMemory => "no memory is left for arguments and environment",
            Self::NoRoom => "there is no room for the stack below its top",
            Self::Unterminated => "a string has no end",
        })
    }
}

impl core::error::Error for StackError {}

/// Why a string that a reader copies wasn't added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushError<E> {
    /// The string isn't acceptable.
    Stack(StackError),
    /// The string couldn't be read.
    Read(E),
}

impl<E> From<StackError> for PushError<E> {
    fn from(error: StackError) -> Self {
        Self::Stack(error)
    }
}
