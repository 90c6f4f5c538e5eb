//! Reads the first file system of a boot: cpio archives, plain or by gzip, one after the
//! other, as Linux accepts them for its initramfs.
//!
//! [`Parts`] divides the input: plain archives stay where they are, each piece by gzip is
//! unpacked into memory of its own. [`Entries`] reads the files of a part; names and contents
//! are slices of it, so that nothing is copied.
//!
//! ```text
//!  input   │ cpio │ zeroes │ cpio │ zeroes │ gzip      │ zeroes │
//!  parts   └──────── InPlace ────────────┘└ Unpacked ─┘
//!  entries   a b     …       c d             e f g
//! ```
//!
//! Damage is an error with its place and the bytes found there; entries before it are good.
//!
//! | module | subject |
//! |---|---|
//! | `parts` | the pieces of the input |
//! | `entries` | the archives of a part |
//! | `entry` | one file |
//! | `gzip` | unpacking |
//! | `error` | damage |
//!
//! Sources: Linux, Documentation/driver-api/early-userspace/buffer-format.rst and
//! init/initramfs.c; RFC 1952 for gzip.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod entries;
mod entry;
mod error;
mod gzip;
mod parts;
#[cfg(test)]
mod tests;

pub use entries::{Entries, PATH_BYTES_MAX};
pub use entry::{Device, Entry, EntryKind, LinkKey};
pub use error::{InitramfsError, Problem};
pub use gzip::{Unpacked, gunzip, is_gzip};
pub use parts::{Part, Parts};
