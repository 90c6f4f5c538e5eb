//! The error numbers of the errors of lower rooms.

use ::address_space::RegionError;
use elf_program::{ElfError, ScriptError};
use initial_stack::StackError;

use super::errno::Errno;
use crate::arch::user::user_state::BadBase;
use crate::fs::error::FsError;
use crate::mm::user::pointer::BadAddress;
use crate::process::LoadError;
use crate::process::descriptors::DescriptorError;
use crate::process::exec::ExecError;
use crate::process::futex::FutexError;
use crate::process::signal_sending::SendError;
use crate::process::thread_start::ForkError;

impl From<BadAddress> for Errno {
    fn from(_: BadAddress) -> Self {
        Self::EFAULT
    }
}

impl From<BadBase> for Errno {
    fn from(_: BadBase) -> Self {
        Self::EPERM
    }
}

impl From<FsError> for Errno {
    fn from(error: FsError) -> Self {
        match error {
            FsError::NotFound => Self::ENOENT,
            FsError::NotADirectory => Self::ENOTDIR,
            FsError::IsADirectory => Self::EISDIR,
            FsError::Exists => Self::EEXIST,
            FsError::NotEmpty => Self::ENOTEMPTY,
            FsError::PermissionDenied => Self::EACCES,
            FsError::NotPermitted => Self::EPERM,
            FsError::ReadOnly => Self::EROFS,
            FsError::NoSpace => Self::ENOSPC,
            FsError::NoMemory => Self::ENOMEM,
            FsError::NameTooLong => Self::ENAMETOOLONG,
            FsError::TooManyLinks => Self::ELOOP,
            FsError::TooManyNames => Self::EMLINK,
            FsError::CrossesMount => Self::EXDEV,
            FsError::Busy => Self::EBUSY,
            FsError::InvalidArgument => Self::EINVAL,
            FsError::NotOpenForThis => Self::EBADF,
            FsError::BadAddress => Self::EFAULT,
            FsError::BrokenPipe => Self::EPIPE,
            FsError::WouldBlock => Self::EAGAIN,
            FsError::Interrupted => Self::EINTR,
            FsError::NotSeekable => Self::ESPIPE,
            FsError::TooLarge => Self::EFBIG,
            FsError::NoDevice => Self::ENXIO,
            FsError::WrongDevice => Self::ENODEV,
            FsError::NotSupported => Self::EOPNOTSUPP,
            FsError::Overflow => Self::EOVERFLOW,
            FsError::NotATerminal => Self::ENOTTY,
            FsError::TextBusy => Self::ETXTBSY,
            FsError::NoProcess => Self::ESRCH,
            FsError::Io => Self::EIO,
            FsError::Damaged => Self::EUCLEAN,
            FsError::NotABlockDevice => Self::ENOTBLK,
        }
    }
}

impl From<DescriptorError> for Errno {
    fn from(error: DescriptorError) -> Self {
        match error {
            DescriptorError::NotOpen => Self::EBADF,
            DescriptorError::TooMany => Self::EMFILE,
            DescriptorError::NoMemory => Self::ENOMEM,
        }
    }
}

impl From<RegionError> for Errno {
    fn from(error: RegionError) -> Self {
        match error {
            RegionError::Unmapped
            | RegionError::NoGap
            | RegionError::OutOfBounds
            | RegionError::TooManyRegions
            | RegionError::AddressSpaceLimit
            | RegionError::DataLimit
            | RegionError::StackLimit
            | RegionError::GuardGap
            | RegionError::CommitLimit
            | RegionError::NoMemory => Self::ENOMEM,
            RegionError::LockLimit => Self::EAGAIN,
            RegionError::BadAddress | RegionError::NotExpandable => Self::EFAULT,
            RegionError::Occupied => Self::EEXIST,
            RegionError::TooLow => Self::EPERM,
            RegionError::Forbidden => Self::EACCES,
            RegionError::OffsetOverflow => Self::EOVERFLOW,
            RegionError::Invalid => Self::EINVAL,
        }
    }
}

impl From<ForkError> for Errno {
    fn from(error: ForkError) -> Self {
        match error {
            ForkError::NoMemory => Self::ENOMEM,
            ForkError::TooMany => Self::EAGAIN,
            ForkError::BadBase => Self::EPERM,
        }
    }
}

impl From<FutexError> for Errno {
    fn from(error: FutexError) -> Self {
        match error {
            FutexError::BadAddress => Self::EFAULT,
            FutexError::NotAligned => Self::EINVAL,
            FutexError::Changed => Self::EAGAIN,
            FutexError::TimedOut => Self::ETIMEDOUT,
            FutexError::Interrupted => Self::EINTR,
            FutexError::NoMemory => Self::ENOMEM,
        }
    }
}

impl From<SendError> for Errno {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NoProcess => Self::ESRCH,
            SendError::NotPermitted => Self::EPERM,
            SendError::QueueFull => Self::EAGAIN,
        }
    }
}

impl From<ElfError> for Errno {
    fn from(error: ElfError) -> Self {
        match error {
            ElfError::NotElf
            | ElfError::NotExecutable
            | ElfError::WrongMachine
            | ElfError::BadProgramHeaders
            | ElfError::ProgramHeadersOutsideFile
            | ElfError::BadInterpreter
            | ElfError::BadAlignment
            | ElfError::NotAscending
            | ElfError::Overlap => Self::ENOEXEC,
            ElfError::InterpreterOutsideFile => Self::EIO,
            ElfError::NoSegments
            | ElfError::FileLargerThanMemory
            | ElfError::NotCongruent
            | ElfError::BadFileRange
            | ElfError::BadEntry
            | ElfError::BadBase => Self::EINVAL,
            ElfError::AddressTooHigh | ElfError::OutOfMemory => Self::ENOMEM,
            ElfError::AddressTooLow => Self::EPERM,
        }
    }
}

impl From<StackError> for Errno {
    fn from(error: StackError) -> Self {
        match error {
            StackError::TooBig => Self::E2BIG,
            StackError::OutOfMemory | StackError::NoRoom => Self::ENOMEM,
            StackError::Unterminated => Self::EFAULT,
        }
    }
}

impl From<LoadError> for Errno {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::File(error) => error.into(),
            LoadError::Elf(error) => error.into(),
            LoadError::Stack(error) => error.into(),
            LoadError::Region(error) => error.into(),
            LoadError::NoMemory => Self::ENOMEM,
            LoadError::Truncated => Self::ENOEXEC,
            LoadError::NoInterpreter => Self::ENOENT,
        }
    }
}

impl From<ExecError> for Errno {
    fn from(error: ExecError) -> Self {
        match error {
            ExecError::File(error) => error.into(),
            ExecError::Load(error) => error.into(),
            ExecError::Script(
                ScriptError::NotScript | ScriptError::NoInterpreter | ScriptError::PathTooLong,
            ) => Self::ENOEXEC,
            ExecError::TooManyScripts => Self::ELOOP,
            ExecError::Ends => Self::EAGAIN,
        }
    }
}
