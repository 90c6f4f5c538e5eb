//! The errors of a walk.

use core::fmt;

/// The errors of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalkError {
    /// The path or a link's text is empty, or a component doesn't exist.
    NotFound,
    /// A component that isn't a directory has components after it, or a slash.
    NotADirectory,
    /// The path has at least [`PATH_MAX_BYTES`], or a component more than
    /// [`NAME_MAX_BYTES`].
    NameTooLong,
    /// The path has more than [`LINKS_MAX`] symbolic links, or a link that the walk must not
    /// follow.
    TooManyLinks,
    /// The path leaves the mount or the starting directory, which the restrictions of the
    /// walk forbid.
    Leaves,
}

impl fmt::Display for WalkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no such file or directory",
            Self::NotADirectory => "not a directory",
            Self::NameTooLong => "the name is too long",
            Self::TooManyLinks => "too many symbolic links",
            Self::Leaves => "the path leaves the mount or directory that it has to stay in",
        })
    }
}

impl core::error::Error for WalkError {}
