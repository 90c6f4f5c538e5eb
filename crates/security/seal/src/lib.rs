//! The manifest of a sealed image: a signed text that lists what belongs to the image, each with its
//! length and hash.
//!
//! ```text
//! Farjump seal 1
//! section text 1048576 0d1f…
//! section rodata 311296 77aa…
//! module 812340 c3b1… symbols
//! module 3145728 90fe… initramfs
//! command-line init=/bin/sh
//! medium 17825792 5e0c… 1048576 4096 1052672
//! disk 29360128 41fa…
//! signature 93ab…
//! ```
//!
//! | line | words |
//! |---|---|
//! | `section` | its name, its length in bytes, its hash: a part of the kernel's image, as it is loaded |
//! | `module` | its length, its hash, its arguments: a file that the loader loads; in this order |
//! | `command-line` | a command line that is allowed: the rest of the line |
//! | `medium` | its length, the root of its [`hash_tree`], the place and the length of the manifest on it, the place of the tree |
//! | `disk` | its length, the root of its hash tree: the root disk, or a partition of it, which has whole blocks |
//! | `signature` | the Ed25519 signature of all lines before it |
//!
//! Numbers are decimal, in bytes. One blank separates two words, one line feed ends a line. Zeros
//! follow up to the end of the file, whose length is fixed before its content is known.
//!
//! The medium vouches for all of its bytes: the hash tree is that of the medium with zeros in place
//! of the manifest, which its signature vouches for, and of the tree, which the root vouches for.
//!
//! [`Manifest::open`] checks the signature first, and reads nothing that isn't signed.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod disk;
mod entry;
mod key;
mod manifest;
mod medium;
mod refusal;
mod stamp;
#[cfg(test)]
mod tests;
mod write;

pub use disk::Disk;
pub use entry::{Contents, Entry};
pub use key::Key;
pub use manifest::{Manifest, Module};
pub use medium::Medium;
pub use refusal::Refusal;
pub use stamp::{STAMP_MARK, StampError, stamp};
pub use write::{WriteError, write};
