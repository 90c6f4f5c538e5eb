//! Why an operation on files fails.

use core::fmt;

use blocking::WaitError;
use page_tree::NoMemory;
use path_walk::WalkError;

/// Why an operation on files failed. Each variant is one error number of Linux, which the system
/// calls choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsError {
    /// A component of the path doesn't exist (ENOENT).
    NotFound,
    /// A component that has to be a directory isn't one (ENOTDIR).
    NotADirectory,
    /// The file is a directory, which doesn't support the operation (EISDIR).
    IsADirectory,
    /// The name is taken (EEXIST).
    Exists,
    /// The directory has entries (ENOTEMPTY).
    NotEmpty,
    /// The permission bits don't allow it (EACCES).
    PermissionDenied,
    /// Only the owner or root may do it, or no user (EPERM).
    NotPermitted,
    /// The mount is read-only (EROFS).
    ReadOnly,
    /// The file system is full (ENOSPC).
    NoSpace,
    /// No memory is left (ENOMEM).
    NoMemory,
    /// The path or one of its components is too long (ENAMETOOLONG).
    NameTooLong,
    /// Too many symbolic links, or one that must not be followed (ELOOP).
    TooManyLinks,
    /// The file has as many names as it can have (EMLINK).
    TooManyNames,
    /// Both paths have to be in one mount, or the path has to stay in it (EXDEV).
    CrossesMount,
    /// A mount is there, or it is in use (EBUSY).
    Busy,
    /// An argument makes no sense (EINVAL).
    InvalidArgument,
    /// The file isn't open for this (EBADF).
    NotOpenForThis,
    /// The caller's memory can't be accessed (EFAULT).
    BadAddress,
    /// Nothing reads the pipe (EPIPE).
    BrokenPipe,
    /// It would wait (EAGAIN).
    WouldBlock,
    /// The wait was ended (EINTR).
    Interrupted,
    /// The file has no position (ESPIPE).
    NotSeekable,
    /// The file would exceed the largest size (EFBIG).
    TooLarge,
    /// There is no data after the position, or the device or FIFO has no other end (ENXIO).
    NoDevice,
    /// The file is no such device (ENODEV).
    WrongDevice,
    /// The file system can't do it (EOPNOTSUPP).
    NotSupported,
    /// A number doesn't fit (EOVERFLOW).
    Overflow,
    /// The file is no terminal (ENOTTY).
    NotATerminal,
    /// A program runs from the file, or the file is written (ETXTBSY).
    TextBusy,
    /// The process that it is about has ended (ESRCH).
    NoProcess,
    /// The device failed (EIO).
    Io,
}

impl fmt::Display for FsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no such file or directory",
            Self::NotADirectory => "not a directory",
            Self::IsADirectory => "is a directory",
            Self::Exists => "file exists",
            Self::NotEmpty => "directory not empty",
            Self::PermissionDenied => "permission denied",
            Self::NotPermitted => "operation not permitted",
            Self::ReadOnly => "read-only file system",
            Self::NoSpace => "no space left on device",
            Self::NoMemory => "no memory is left",
            Self::NameTooLong => "file name too long",
            Self::TooManyLinks => "too many levels of symbolic links",
            Self::TooManyNames => "too many links",
            Self::CrossesMount => "the paths are in different mounts",
            Self::Busy => "device or resource busy",
            Self::InvalidArgument => "invalid argument",
            Self::NotOpenForThis => "the file isn't open for this",
            Self::BadAddress => "bad address",
            Self::BrokenPipe => "broken pipe",
            Self::WouldBlock => "it would wait",
            Self::Interrupted => "the wait was interrupted",
            Self::NotSeekable => "the file has no position",
            Self::TooLarge => "file too large",
            Self::NoDevice => "no such device or address",
            Self::WrongDevice => "no such device",
            Self::NotSupported => "operation not supported",
            Self::Overflow => "value too large",
            Self::NotATerminal => "not a terminal",
            Self::TextBusy => "text file busy",
            Self::NoProcess => "no such process",
            Self::Io => "input/output error",
        })
    }
}

impl core::error::Error for FsError {}

impl From<WalkError> for FsError {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::NotFound => Self::NotFound,
            WalkError::NotADirectory => Self::NotADirectory,
            WalkError::NameTooLong => Self::NameTooLong,
            WalkError::TooManyLinks => Self::TooManyLinks,
            WalkError::Leaves => Self::CrossesMount,
        }
    }
}

impl From<NoMemory> for FsError {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}

impl From<alloc::alloc::AllocError> for FsError {
    fn from(_: alloc::alloc::AllocError) -> Self {
        Self::NoMemory
    }
}

impl From<alloc::collections::TryReserveError> for FsError {
    fn from(_: alloc::collections::TryReserveError) -> Self {
        Self::NoMemory
    }
}

impl From<WaitError> for FsError {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::TimedOut => Self::WouldBlock,
            WaitError::Cancelled => Self::Interrupted,
        }
    }
}
