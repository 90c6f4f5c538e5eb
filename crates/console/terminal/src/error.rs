//! The errors of the constructor.

use core::fmt;

/// Why a terminal can't be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It would have no rows, or no columns.
    Empty,
    /// There is no memory for its cells.
    NoMemory,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a terminal needs a row and a column",
            Self::NoMemory => "no memory for the terminal's cells",
        })
    }
}

impl core::error::Error for Error {}
