//! Reads ISO 9660 file systems: those of CDs, DVDs and their images.
//!
//! [`Iso9660`] is a [`volume::Volume`] that can't be changed. Names and attributes are those of Rock
//! Ridge if the root directory has it, else the names are those of Joliet, else those of ISO 9660 as
//! Linux shows them: in lower case, without `;1`. Sparse, compressed and interleaved files can be
//! listed, but not read.
//!
//! The number of a node is the place of its directory record on the disk. A directory has several
//! records; its number is the place of its `.`, which is the first byte of its extent. So a node is
//! found by its number alone, and nothing has to be kept while it is in use. As on Linux, two names
//! of one file are two nodes.
//!
//! Each directory that a look-up returns has a `..`, or with Joliet a row in the path table, that
//! leads to the directory of the look-up, and one name in it. So what can be reached is a tree, whatever is on the disk.
//!
//! | module | subject |
//! |---|---|
//! | `image` | the disk, in bounds |
//! | `descriptors` | the volume descriptors |
//! | `record` | one directory record |
//! | `sections` | the records of one file |
//! | `directory` | the records of a directory |
//! | `entries` | the entries of a directory |
//! | `system_use` | the fields that extensions add to a record |
//! | `rock_ridge` | those of Rock Ridge |
//! | `link_text` | the text of a symbolic link |
//! | `name` | names |
//! | `date` | dates |
//! | `path_table` | the parents in Joliet's tree |
//! | `iso9660` | the operations |
//!
//! Sources: ECMA-119; System Use Sharing Protocol 1.12; Rock Ridge Interchange Protocol 1.12; Joliet
//! specification; Linux, fs/isofs, for what these leave open.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod date;
mod descriptors;
mod directory;
mod entries;
mod image;
mod iso9660;
mod link_text;
mod name;
mod path_table;
mod record;
mod rock_ridge;
mod sections;
mod system_use;
#[cfg(test)]
mod tests;

pub use iso9660::Iso9660;
