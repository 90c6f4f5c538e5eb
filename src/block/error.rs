//! Why a transfer fails.

use core::fmt;

use crate::drivers::block::request::IoError;

/// Why a transfer from or to a block device fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// The disk has reported an error, or hasn't answered.
    Io,
    /// The disk is gone.
    Gone,
    /// The disk refuses writes.
    ReadOnly,
    /// The range isn't within the device, or isn't one of whole sectors.
    OutOfRange,
    /// No memory is left.
    NoMemory,
}

impl From<IoError> for BlockError {
    fn from(error: IoError) -> Self {
        match error {
            IoError::Failed => Self::Io,
            IoError::Gone => Self::Gone,
            IoError::ReadOnly => Self::ReadOnly,
            IoError::Invalid => Self::OutOfRange,
            IoError::NoMemory => Self::NoMemory,
        }
    }
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Io => "input/output error",
            Self::Gone => "the disk is gone",
            Self::ReadOnly => "the disk is read-only",
            Self::OutOfRange => "not a range of whole sectors of the device",
            Self::NoMemory => "no memory is left",
        })
    }
}

impl core::error::Error for BlockError {}
