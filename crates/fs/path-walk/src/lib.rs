//! Walks a path: components, `.` and `..`, symbolic links, trailing slashes, limits.
//!
//! The walk accesses the tree by the trait [`Tree`]. The kernel implements it with directory
//! entries and mounts, the tests with a map in memory. The walk allocates nothing.
//!
//! | module | what it has |
//! |---|---|
//! | `components` | a path's components, one by one |
//! | `limits` | how long paths and names may be, and how many links are followed |
//! | `error` | the errors of a walk |
//! | `walk` | [`walk()`] and [`walk_to_last`]: from a path to a place |
//!
//! The rules are those of Linux (path_resolution(7), openat2(2)).

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod components;
mod error;
mod limits;
#[cfg(test)]
mod tests;
mod walk;

pub use components::{Component, Components};
pub use error::WalkError;
pub use limits::{LINKS_MAX, NAME_MAX_BYTES, PATH_MAX_BYTES};
pub use walk::{
    Found, Last, LastLink, Link, NameBuffer, Options, Restrictions, Start, Tree, Walked, walk,
    walk_to_last,
};
