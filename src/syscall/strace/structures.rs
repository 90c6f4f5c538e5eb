//! Arguments that point to structures: the kind of structure, and when it is shown.

use notation::Structure;

use super::outcome::Outcome;
use crate::syscall::table::Argument;
use call_notation as notation;

/// The time at which the contents of the program's memory are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before the call.
    Before,
    /// After the call, if it succeeds.
    Success,
    /// After the call, if its result is the number of a child.
    Child,
    /// After the call, if a signal has interrupted it.
    Interruption,
}

impl Moment {
    /// Returns whether the structure is valid after a call with this end.
    pub(super) fn is_at(self, outcome: Outcome) -> bool {
        match (self, outcome) {
            (Self::Before, _) | (Self::Success, Outcome::Done(_)) => true,
            (Self::Child, Outcome::Done(result)) => result > 0,
            (Self::Interruption, Outcome::Interrupted) => true,
            _ => false,
        }
    }
}

/// Returns the structure to which an argument points, and when it is shown. `before` is the
/// previous argument.
pub(super) fn of(argument: Argument, before: u64) -> Option<(Structure, Moment)> {
    use Moment::{Before, Child, Interruption, Success};
    Some(match argument {
        Argument::Timespec => (Structure::Timespec, Before),
        Argument::FilledTimespec => (Structure::Timespec, Success),
        Argument::TimeLeft => (Structure::Timespec, Interruption),
        Argument::Timeval => (Structure::Timeval, Before),
        Argument::FilledTimeval => (Structure::Timeval, Success),
        Argument::FileTimes => (Structure::FileTimes, Before),
        Argument::FileTimevals => (Structure::FileTimevals, Before),
        Argument::Itimerval => (Structure::Itimerval, Before),
        Argument::FilledItimerval => (Structure::Itimerval, Success),
        Argument::Itimerspec => (Structure::Itimerspec, Before),
        Argument::FilledItimerspec => (Structure::Itimerspec, Success),
        Argument::Limit => (Structure::Limit, Before),
        Argument::FilledLimit => (Structure::Limit, Success),
        Argument::Limit64 => (Structure::Limit64, Before),
        Argument::FilledLimit64 => (Structure::Limit64, Success),
        Argument::SignalAction => (Structure::SignalAction, Before),
        Argument::FilledSignalAction => (Structure::SignalAction, Success),
        Argument::SignalSet => (Structure::SignalSet, Before),
        Argument::FilledSignalSet => (Structure::SignalSet, Success),
        Argument::FilledSignalInfo => (Structure::SignalInfo, Success),
        Argument::FilledFileStatus => (Structure::FileStatus, Success),
        Argument::FilledDescriptors => (Structure::DescriptorPair, Success),
        Argument::FilledSystemNames => (Structure::SystemNames, Success),
        Argument::WaitStatus => (Structure::WaitStatus, Child),
        Argument::IoctlArgument => return of_request(before),
        _ => return None,
    })
}

/// Returns the structure of a request of ioctl(2).
///
/// Source: ioctl_tty(2); the numbers are those of asm-generic/ioctls.h.
fn of_request(request: u64) -> Option<(Structure, Moment)> {
    Some(match request as u32 {
        0x5401 => (Structure::TerminalMode, Moment::Success),
        0x5402..=0x5404 => (Structure::TerminalMode, Moment::Before),
        0x5413 => (Structure::WindowSize, Moment::Success),
        0x5414 => (Structure::WindowSize, Moment::Before),
        // TIOCGPGRP, TIOCOUTQ, FIONREAD, TIOCGSID, TIOCGPTN.
        0x540F | 0x5411 | 0x541B | 0x5429 | 0x8004_5430 => (Structure::Int, Moment::Success),
        // TIOCSPGRP, TIOCPKT, FIONBIO, TIOCSPTLCK.
        0x5410 | 0x5420 | 0x5421 | 0x4004_5431 => (Structure::Int, Moment::Before),
        _ => return None,
    })
}
