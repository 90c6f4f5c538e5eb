//! Advisory locks of files: which parts of a file are locked, and which owners wait for each other.
//!
//! | module | what it has |
//! |---|---|
//! | `table` | [`LockTable`]: the locks of a file |
//! | `waits` | [`Waits`]: which owners wait for which, so that none waits for itself |
//!
//! The rules are those of fcntl(2) and flock(2). Nothing here waits: the caller does.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod table;
#[cfg(test)]
mod tests;
mod waits;

pub use table::{Kind, Lock, LockTable, Range};
pub use waits::{WaitError, Waits};

/// No memory is left; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;
