//! The status that wait4(2) reports.

use core::fmt;

use signals::Signal;

/// The change of a child's state.
///
/// Source: waitpid(2); the layout is Linux's, include/uapi/linux/wait.h.
pub(crate) struct WaitStatus(pub(crate) u32);

/// The status of a child that was continued.
const CONTINUED: u32 = 0xFFFF;
/// The low bits of the status of a stopped child.
const STOPPED: u32 = 0x7F;
/// Whether there was a core dump.
const CORE: u32 = 0x80;

impl fmt::Display for WaitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.0;
        let upper = status >> 8 & 0xFF;
        match status & 0x7F {
            _ if status == CONTINUED => f.write_str("WIFCONTINUED(s)"),
            0 => write!(f, "WIFEXITED(s) && WEXITSTATUS(s) == {upper}"),
            STOPPED => {
                f.write_str("WIFSTOPPED(s) && WSTOPSIG(s) == ")?;
                write_signal(f, upper)
            }
            signal => {
                f.write_str("WIFSIGNALED(s) && WTERMSIG(s) == ")?;
                write_signal(f, signal)?;
                f.write_str(if status & CORE == 0 { "" } else { " && WCOREDUMP(s)" })
            }
        }
    }
}

fn write_signal(f: &mut fmt::Formatter<'_>, number: u32) -> fmt::Result {
    match Signal::from_number(number.into()) {
        Some(signal) => write!(f, "{signal}"),
        None => write!(f, "{number}"),
    }
}
