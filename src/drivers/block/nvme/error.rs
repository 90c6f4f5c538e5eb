//! Why a controller can't be used.

use core::fmt;

use nvme_protocol::completion::Status;

use super::registers::StateError;
use crate::drivers::bus::pci::OwnError;

/// Why a controller can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NvmeError {
    /// Its function can't be used.
    Function(OwnError),
    /// It doesn't have the commands of NVM, or pages of 4 KiB, or too few queues.
    Unsupported,
    /// All its registers read as ones.
    Gone,
    /// It reports that it has failed.
    Fatal,
    /// It doesn't start or stop in the time that it has named.
    TimedOut,
    /// It doesn't answer a command.
    NoAnswer,
    /// It refuses a command.
    Refused(Status),
    /// No memory is left.
    NoMemory,
}

impl From<OwnError> for NvmeError {
    fn from(error: OwnError) -> Self {
        Self::Function(error)
    }
}

impl From<StateError> for NvmeError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Gone => Self::Gone,
            StateError::Fatal => Self::Fatal,
            StateError::TimedOut => Self::TimedOut,
        }
    }
}

impl fmt::Display for NvmeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(error) => write!(f, "{error}"),
            Self::Unsupported => f.write_str("it lacks what the driver needs"),
            Self::Gone => f.write_str("the controller is gone"),
            Self::Fatal => f.write_str("the controller reports that it has failed"),
            Self::TimedOut => f.write_str("the controller doesn't start or stop"),
            Self::NoAnswer => f.write_str("the controller doesn't answer a command"),
            Self::Refused(status) => write!(f, "the controller refuses a command: {status}"),
            Self::NoMemory => f.write_str("no memory is left"),
        }
    }
}

impl core::error::Error for NvmeError {}
