//! Numbers of processes.

use core::fmt;
use core::num::NonZeroU32;

/// The number of a process, and of its first thread. Process groups and sessions have the number of
/// the process that has made them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(NonZeroU32);

/// The largest number, as on Linux (kernel.pid_max): larger ones are not given out.
pub const PID_MAX: u32 = 1 << 22;

impl Pid {
    /// The first process.
    pub const INIT: Self = Self(NonZeroU32::MIN);

    /// Makes one of a number; `None` if no process can have it.
    pub fn try_new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).filter(|number| number.get() < PID_MAX).map(Self)
    }

    /// Returns the number.
    pub fn number(self) -> u32 {
        self.0.get()
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
