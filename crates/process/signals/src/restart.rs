//! The continuation of a system call that a signal interrupted.

use crate::action::SaFlags;
use crate::deliver::Delivery;

/// The number of the system call restart_syscall on x86_64.
pub const RESTART_SYSCALL: u64 = 219;

/// The way in which an interrupted system call continues. Programs never see these values.
///
/// Source: signal(7), "Interruption of system calls and library functions by signal
/// handlers"; the names are Linux's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// ERESTARTSYS: executed again unless a handler without SA_RESTART ran; for reads,
    /// writes, waits for children.
    Restart,
    /// ERESTARTNOINTR: executed again, always.
    RestartAlways,
    /// ERESTARTNOHAND: executed again if no handler ran; for pause, rt_sigsuspend, poll.
    RestartWithoutHandler,
    /// ERESTART_RESTARTBLOCK: continued by restart_syscall for the rest of its time if no
    /// handler ran; for nanosleep, poll with a timeout.
    RestartBlock,
}

/// The way in which a thread continues in user mode after an interrupted system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// The call returns EINTR.
    Interrupted,
    /// The instruction pointer is moved 2 bytes back, to the SYSCALL instruction, and RAX
    /// has the call's number: the thread executes the call again.
    Again,
    /// As [`Again`](Self::Again), but RAX has the number [`RESTART_SYSCALL`].
    ByRestartSyscall,
}

impl Interruption {
    /// Decides how the call continues. `delivery` is the first handler that runs after the
    /// call, if there is one; the caller changes the registers before it makes that handler's
    /// frame.
    pub fn resume(self, delivery: Option<&Delivery>) -> Resume {
        let Some(delivery) = delivery else {
            return match self {
                Self::RestartBlock => Resume::ByRestartSyscall,
                Self::Restart | Self::RestartAlways | Self::RestartWithoutHandler => Resume::Again,
            };
        };
        match self {
            Self::RestartAlways => Resume::Again,
            Self::Restart if delivery.flags.contains(SaFlags::RESTART) => Resume::Again,
            Self::Restart | Self::RestartWithoutHandler | Self::RestartBlock => Resume::Interrupted,
        }
    }
}
