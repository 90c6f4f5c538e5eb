//! The reasons why operations on files fail.

use core::fmt;

use blocking::WaitError;
use page_tree::NoMemory;
use path_walk::WalkError;

/// The reason why an operation on files failed. Each variant stands for one error number of Linux,
/// to which the system calls convert it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsError {
    /// A component of the path doesn't exist (ENOENT).
    NotFound,
    /// A component that has to be a directory isn't one (ENOTDIR).
    NotADirectory,
    /// The operation isn't possible for a directory (EISDIR).
    IsADirectory,
    /// The name exists already (EEXIST).
    Exists,
    /// The directory has entries (ENOTEMPTY).
    NotEmpty,
    /// The permission bits don't allow it (EACCES).
    PermissionDenied,
    /// Only the owner, or a process with a capability, may do this, or no process (EPERM).
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
    /// The paths are in different mounts, or the path leads out of its mount (EXDEV).
    CrossesMount,
    /// There is a mount at the path, or the mount is in use (EBUSY).
    Busy,
    /// An argument is invalid (EINVAL).
    InvalidArgument,
    /// The file isn't open for this operation (EBADF).
    NotOpenForThis,
    /// The caller's memory can't be accessed (EFAULT).
    BadAddress,
    /// The pipe has no reader (EPIPE).
    BrokenPipe,
    /// The operation would wait (EAGAIN).
    WouldBlock,
    /// The wait was ended (EINTR).
    Interrupted,
    /// The file has no position (ESPIPE).
    NotSeekable,
    /// The file would exceed the largest size (EFBIG).
    TooLarge,
    /// There is no data after the position, or the device or FIFO has no other end (ENXIO).
    NoDevice,
    /// The file doesn't belong to such a device (ENODEV).
    WrongDevice,
    /// The file system doesn't support the operation (EOPNOTSUPP).
    NotSupported,
    /// A number doesn't fit (EOVERFLOW).
    Overflow,
    /// The file isn't a terminal (ENOTTY).
    NotATerminal,
    /// A program runs from the file, or the file is written (ETXTBSY).
    TextBusy,
    /// The process that the file describes has ended (ESRCH).
    NoProcess,
    /// The device failed (EIO).
    Io,
    /// The structures of the file system are damaged (EUCLEAN).
    Damaged,
    /// The source of a mount isn't a block device (ENOTBLK).
    NotABlockDevice,
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
            Self::Damaged => "the file system is damaged",
            Self::NotABlockDevice => "block device required",
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
