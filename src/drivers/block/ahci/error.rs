//! Why a controller or a port can't be used.

use core::fmt;

use ata::identify::IdentityError;
use ata::packet::Sense;
use ata::status::Status;

use crate::drivers::bus::pci::OwnError;

/// Why a controller or a port can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AhciError {
    /// Its function can't be used.
    Function(OwnError),
    /// It lacks addresses of 64 bits, or registers of its ports.
    Unsupported,
    /// The firmware doesn't hand the controller over.
    Firmware,
    /// All its registers read as ones, or no disk is at the port any more.
    Gone,
    /// The controller doesn't end its reset.
    Reset,
    /// The port doesn't stop.
    Stop,
    /// The disk isn't ready in time.
    NotReady,
    /// The disk doesn't answer a command.
    NoAnswer,
    /// The disk refuses a command.
    Refused(Status),
    /// The disk's properties can't be used.
    Identity(IdentityError),
    /// The drive doesn't read the size of its medium.
    Sense(Sense),
    /// No memory is left.
    NoMemory,
}

impl AhciError {
    /// Returns the error of a command that has ended with this status, as [`Status::word`] has it.
    pub(super) fn refused(status: u16) -> Self {
        Self::Refused(Status::from_word(status.into()))
    }
}

impl From<OwnError> for AhciError {
    fn from(error: OwnError) -> Self {
        Self::Function(error)
    }
}

impl From<IdentityError> for AhciError {
    fn from(error: IdentityError) -> Self {
        Self::Identity(error)
    }
}

impl fmt::Display for AhciError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(error) => write!(f, "{error}"),
            Self::Unsupported => f.write_str("it lacks what the driver needs"),
            Self::Firmware => f.write_str("the firmware doesn't hand the controller over"),
            Self::Gone => f.write_str("it is gone"),
            Self::Reset => f.write_str("the controller doesn't end its reset"),
            Self::Stop => f.write_str("the port doesn't stop"),
            Self::NotReady => f.write_str("the disk isn't ready in time"),
            Self::NoAnswer => f.write_str("the disk doesn't answer a command"),
            Self::Refused(status) => write!(f, "the disk refuses a command: {status}"),
            Self::Identity(error) => write!(f, "{error}"),
            Self::Sense(sense) => write!(f, "the medium can't be used: {sense}"),
            Self::NoMemory => f.write_str("no memory is left"),
        }
    }
}

impl core::error::Error for AhciError {}
