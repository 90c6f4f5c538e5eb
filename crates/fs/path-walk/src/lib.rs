//! How a path is walked: components, `.` and `..`, symbolic links, trailing slashes, limits.
//!
//! The tree itself is behind the trait [`Tree`]: the kernel implements it by its directory entries
//! and mounts, the tests by a map in memory. The walk allocates nothing.
//!
//! | module | what it has |
//! |---|---|
//! | `components` | a path's components, one by one |
//! | `walk` | [`walk()`] and [`walk_to_last`]: from a path to a place |
//!
//! The rules are those of Linux (path_resolution(7), openat2(2)).

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod components;
#[cfg(test)]
mod tests;
mod walk;

pub use components::{Component, Components};
pub use walk::{
    Found, Last, LastLink, Link, NameBuffer, Options, Restrictions, Start, Tree, Walked, walk,
    walk_to_last,
};

use core::fmt;

/// A path has fewer bytes than this: Linux's PATH_MAX, which counts the byte at its end.
pub const PATH_MAX_BYTES: usize = 4096;

/// A component has at most so many bytes.
pub const NAME_MAX_BYTES: usize = 255;

/// A walk follows at most so many symbolic links.
pub const LINKS_MAX: usize = 40;

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
