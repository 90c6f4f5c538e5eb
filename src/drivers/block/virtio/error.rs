//! Why a device can't be used.

use core::fmt;

use virtio_protocol::block::ConfigError;

use crate::drivers::bus::pci::OwnError;

/// Why a device can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VirtioError {
    /// Its function can't be used.
    Function(OwnError),
    /// It lacks registers of version 1, or has some that are invalid.
    NoRegisters,
    /// It isn't of version 1, or refuses the driver's features.
    Features,
    /// Its properties can't be used.
    Config(ConfigError),
    /// Its queues have no room for a request.
    Queues,
    /// It refuses to send the messages of its queues.
    Messages,
    /// All its registers read as ones.
    Gone,
    /// It doesn't end its reset.
    TimedOut,
    /// No memory is left.
    NoMemory,
}

impl From<OwnError> for VirtioError {
    fn from(error: OwnError) -> Self {
        Self::Function(error)
    }
}

impl From<ConfigError> for VirtioError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl fmt::Display for VirtioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(error) => write!(f, "{error}"),
            Self::NoRegisters => f.write_str("it lacks the registers of virtio 1"),
            Self::Features => f.write_str("it refuses the features of the driver"),
            Self::Config(error) => write!(f, "{error}"),
            Self::Queues => f.write_str("its queues have no room for a request"),
            Self::Messages => f.write_str("it refuses the messages of its queues"),
            Self::Gone => f.write_str("the device is gone"),
            Self::TimedOut => f.write_str("the device doesn't end its reset"),
            Self::NoMemory => f.write_str("no memory is left"),
        }
    }
}

impl core::error::Error for VirtioError {}
