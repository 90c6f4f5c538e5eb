//! Advisory locks of files: the locked parts of a file, and the owners that wait for each other.
//!
//! | module | what it has |
//! |---|---|
//! | `table` | [`LockTable`]: the locks of a file |
//! | `waits` | [`Waits`]: which owners wait for which, to detect deadlocks |
//!
//! The rules are those of fcntl(2) and flock(2). The caller does the waiting.

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
