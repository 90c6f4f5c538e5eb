//! Why an operation of a volume fails.

use core::fmt;

use crate::medium::MediumError;

/// Why an operation of a volume fails. Unless it says otherwise, nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeError {
    /// The disk has failed. The operation may have been done in part.
    Medium(MediumError),
    /// A structure on the disk can't be what it has to be: this one.
    Damaged(&'static str),
    /// The disk holds another kind of file system, or none.
    OtherKind,
    /// The volume needs a feature that isn't supported: this one.
    Unsupported(&'static str),
    /// No room is left.
    NoSpace,
    /// The name exists.
    Exists,
    /// The directory has entries.
    NotEmpty,
    /// The node isn't a directory.
    NotADirectory,
    /// A directory would become its own descendant.
    OwnDescendant,
    /// The name is too long.
    NameTooLong,
    /// The format allows no such name.
    InvalidName,
    /// The node has as many names as it can have.
    TooManyNames,
    /// The file would exceed the largest size.
    TooLarge,
    /// The format has no such nodes, names or attributes.
    NotSupported,
    /// The volume was opened for reading only.
    ReadOnly,
    /// No memory is left.
    NoMemory,
}

impl From<MediumError> for VolumeError {
    fn from(error: MediumError) -> Self {
        match error {
            MediumError::NoMemory => Self::NoMemory,
            error => Self::Medium(error),
        }
    }
}

impl fmt::Display for VolumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Medium(error) => return error.fmt(f),
            Self::Damaged(what) => return write!(f, "the file system is damaged: {what}"),
            Self::Unsupported(what) => return write!(f, "{what} is not supported"),
            Self::OtherKind => "the disk holds another kind of file system, or none",
            Self::NoSpace => "no space is left",
            Self::Exists => "the name exists",
            Self::NotEmpty => "the directory is not empty",
            Self::NotADirectory => "it is not a directory",
            Self::OwnDescendant => "a directory can't be moved below itself",
            Self::NameTooLong => "the name is too long",
            Self::InvalidName => "the file system allows no such name",
            Self::TooManyNames => "the file has as many names as it can have",
            Self::TooLarge => "the file would be too large",
            Self::NotSupported => "the file system doesn't support this",
            Self::ReadOnly => "the file system is read-only",
            Self::NoMemory => "no memory is left",
        })
    }
}

impl core::error::Error for VolumeError {}
