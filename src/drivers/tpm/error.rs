//! Why the TPM can't be used.

use core::fmt;

use tpm_commands::AnswerError;

use crate::mm::kernel::device_memory;

/// Why the TPM can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TpmError {
    /// ACPI's table is too short.
    Table,
    /// It takes commands by a method of ACPI with this number, which isn't supported.
    StartMethod(u32),
    /// Its registers can't be mapped.
    Map(device_memory::Error),
    /// There is no TPM at its address.
    Absent,
    /// It isn't given to the kernel, or isn't ready, in the specification's time.
    NotReady,
    /// It doesn't take a whole command.
    Command,
    /// It reports that it has failed.
    Failed,
    /// It gives no answer in time.
    TimedOut,
    /// Its answer.
    Answer(AnswerError),
}

impl From<device_memory::Error> for TpmError {
    fn from(error: device_memory::Error) -> Self {
        Self::Map(error)
    }
}

impl From<AnswerError> for TpmError {
    fn from(error: AnswerError) -> Self {
        Self::Answer(error)
    }
}

impl fmt::Display for TpmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table => f.write_str("ACPI's table of it is too short"),
            Self::StartMethod(method) => {
                write!(f, "commands are started by method {method}, which isn't supported")
            }
            Self::Map(error) => write!(f, "its registers: {error}"),
            Self::Absent => f.write_str("there is none at its address"),
            Self::NotReady => f.write_str("it isn't ready"),
            Self::Command => f.write_str("it doesn't take commands of this length"),
            Self::Failed => f.write_str("it reports that it has failed"),
            Self::TimedOut => f.write_str("it gives no answer"),
            Self::Answer(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for TpmError {}
