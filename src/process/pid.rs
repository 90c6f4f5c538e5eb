//! Numbers of processes.

use core::fmt;
use core::num::NonZeroU32;

/// The number of a process, and of its first thread. A process group or session has the number of
/// the process that has made it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(NonZeroU32);

/// The largest number, as on Linux (kernel.pid_max).
pub const PID_MAX: u32 = 1 << 22;

impl Pid {
    /// The first process.
    pub const INIT: Self = Self(NonZeroU32::MIN);

    /// Makes a process number; `None` if no process can have it.
    pub fn try_new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).filter(|number| number.get() < PID_MAX).map(Self)
    }

    /// Returns the number.
    pub fn number(self) -> u32 {
        self.0.get()
    }
}

/// The processes that a call selects: kill(2), waitpid(2), setpriority(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All processes.
    All,
    /// One process.
    Process(Pid),
    /// The processes of a group.
    Group(Pid),
}

impl Selection {
    /// Returns the selection for a number as in kill(2) and waitpid(2), for a process of the group
    /// that `own_group` returns; `None` if no process can have the number.
    pub fn of_number(number: i32, own_group: impl FnOnce() -> Option<Pid>) -> Option<Self> {
        match number {
            -1 => Some(Self::All),
            0 => own_group().map(Self::Group),
            ..-1 => Pid::try_new(number.unsigned_abs()).map(Self::Group),
            _ => Pid::try_new(number as u32).map(Self::Process),
        }
    }

    /// Returns whether a process of `group` is selected.
    pub fn contains(self, pid: Pid, group: Pid) -> bool {
        match self {
            Self::All => true,
            Self::Process(wanted) => pid == wanted,
            Self::Group(wanted) => group == wanted,
        }
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pid({})", self.0)
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
