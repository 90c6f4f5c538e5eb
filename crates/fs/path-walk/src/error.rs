//! Why a path leads nowhere.

use core::fmt;

/// Why a path leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalkError {
    /// The path or a link's text is empty, or a component doesn't exist.
    NotFound,
    /// A component that isn't a directory has components after it, or a slash.
    NotADirectory,
    /// The path has [`PATH_MAX_BYTES`] or more, or a component more than [`NAME_MAX_BYTES`].
    NameTooLong,
    /// There are more than [`LINKS_MAX`] symbolic links, or a link that the walk must not follow.
    TooManyLinks,
    /// The walk must not leave its mount, or not its starting directory, and the path does.
    Leaves,
}

impl fmt::Display for WalkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no such file or directory",
            Self::NotADirectory => "not a directory",
            Self::NameTooLong => "the name is too long",
            Self::TooManyLinks => "too many symbolic links",
            Self::Leaves => "the path leaves where it has to stay",
        })
    }
}

impl core::error::Error for WalkError {}
