//! How a process has ended.

use signals::{ChildStatus, Signal};

/// How a process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It called exit with this status.
    Exited(u8),
    /// By a signal.
    Killed {
        /// The signal.
        signal: Signal,
        /// Whether its default action is a core dump. None is written.
        core: bool,
    },
}

impl ExitStatus {
    /// Returns the status as the parent's signal and the wait calls encode it.
    pub fn child_status(self) -> ChildStatus {
        match self {
            Self::Exited(status) => ChildStatus::Exited(status),
            // No core file is written.
            Self::Killed { signal, .. } => ChildStatus::Killed { signal, core: false },
        }
    }

    /// Returns the status as shells have it: 128 and the number of the signal for a process that a
    /// signal has ended.
    pub fn shell_status(self) -> u8 {
        match self {
            Self::Exited(status) => status,
            Self::Killed { signal, .. } => 128 + signal.number(),
        }
    }
}
