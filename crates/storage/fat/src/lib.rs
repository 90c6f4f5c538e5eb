//! The FAT12, FAT16 and FAT32 file systems with long names, for reading and writing.
//!
//! A volume has a boot sector, a table with an entry for each cluster (usually in two copies), and the
//! clusters, which hold directories and the contents of files. The table links the clusters of a
//! file to a chain. FAT has no inodes: what is known of a file is in its entry of a directory. So
//! the number of a node is made of the place of its entry, and the nodes that are in use are kept in
//! a table in memory.
//!
//! [`Fat`] writes in such an order that each change leaves all other files whole when power fails: a
//! chain is made before an entry refers to it, and an entry is removed before its chain is freed.
//!
//! Source: Microsoft, "FAT: General Overview of On-Disk Format", version 1.03; Linux,
//! Documentation/filesystems/vfat.rst.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod allocation;
mod boot_sector;
mod chain;
mod directory;
mod entry;
mod fat;
mod files;
mod insertion;
mod long_name;
mod marks;
mod name;
mod names;
mod nodes;
mod short_name;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod time;
mod volume;

pub use crate::fat::Fat;
