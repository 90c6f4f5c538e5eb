//! Reads an initramfs as Linux does: cpio archives, plain or compressed by gzip, one after
//! the other.
//!
//! [`Parts`] divides the input: plain archives are read in place, each gzip member is
//! unpacked into memory of its own. [`Entries`] reads the files of a part; names and contents
//! are slices of the part, without a copy.
//!
//! ```text
//!  input   │ cpio │ zeroes │ cpio │ zeroes │ gzip      │ zeroes │
//!  parts   └──────── InPlace ────────────┘└ Unpacked ─┘
//!  entries   a b     …       c d             e f g
//! ```
//!
//! A defect is reported with its place and the bytes found there; the entries before it are
//! valid.
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
