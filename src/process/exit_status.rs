//! The way in which a process has ended.

use core::fmt;

use signals::{ChildStatus, Signal};

/// The way in which a process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It called exit with this status.
    Exited(u8),
    /// A signal has ended it.
    Killed {
        /// The signal.
        signal: Signal,
        /// Whether the signal's default action is a core dump. None is written.
        core: bool,
    },
}

impl ExitStatus {
    /// Returns the status for the wait calls and the parent's signal.
    pub fn child_status(self) -> ChildStatus {
        match self {
            Self::Exited(status) => ChildStatus::Exited(status),
            // No core file is written.
            Self::Killed { signal, .. } => ChildStatus::Killed { signal, core: false },
        }
    }

    /// Returns the status as shells show it: 128 plus the number of the signal for a process that a
    /// signal has ended.
    pub fn shell_status(self) -> u8 {
        match self {
            Self::Exited(status) => status,
            Self::Killed { signal, .. } => 128 + signal.number(),
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exit status {status}"),
            Self::Killed { signal, .. } => write!(f, "{signal}"),
        }
    }
}
