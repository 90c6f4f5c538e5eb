//! What a file system on a disk offers to a kernel, and what it needs of the disk.
//!
//! A [`Volume`] is the logic of a file system: names, attributes, and where on the disk the bytes of
//! files are. It reads and writes its own structures through a [`Medium`], which caches them. The
//! contents of files don't pass through it: the kernel asks by [`Volume::map`] where they are,
//! transfers them itself, and keeps them in its page cache.
//!
//! Files, directories and links are nodes. The kernel gets a node's number from
//! [`lookup`](Volume::lookup) or [`create`](Volume::create), and returns it by
//! [`forget`](Volume::forget) when it no longer uses the node. A node that has lost its last name ends
//! then, and not before. So a program can still read a file that was removed.
//!
//! Two attributes are the volume's, and change with names: the number of a node's names, and the
//! size of a directory. The others are the kernel's, which writes them by
//! [`set_attributes`](Volume::set_attributes).
//!
//! A disk may have been written by anything. A volume checks all that it reads, and returns
//! [`VolumeError::Damaged`] for what can't be.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

mod attributes;
mod error;
mod medium;
mod volume;

pub use attributes::{Attributes, ChangeableAttributes, Kind, Time};
pub use error::VolumeError;
pub use medium::{Medium, MediumError, Stage};
pub use volume::{
    Access, Entry, Extent, MapFor, NewNode, NodeId, Properties, RenameKind, Usage, Volume,
};
