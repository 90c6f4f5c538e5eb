//! The second extended file system (ext2), and its successors (ext3, ext4) for reading.
//!
//! [`Ext2`] is a [`Volume`](volume::Volume): it finds, makes and removes names, and allocates blocks.
//! A file's blocks are in one piece as far as possible: each follows the one before it in the file,
//! and files are in the block group of their directory.
//!
//! All that is read from the disk is checked. Numbers of blocks are those of the volume, and don't lead
//! to bitmaps, inodes or group descriptors; records of directories end in their block. A search ends
//! after as many steps as the volume has blocks, and memory is taken for one block at a time, and for the
//! names of one large directory.
//!
//! ext3 and ext4 are opened for reading only: with extents, flexible groups and the other features
//! that mke2fs gives to ext4. If the journal has changes that are missing elsewhere, they are read in
//! the place of what they have to replace, and nothing is written. Checksums of structures are
//! compared if the volume has the feature metadata_csum.
//!
//! Blocks hold 1024, 2048 or 4096 bytes. Indexes of directories aren't used; a directory loses its
//! index when a name is added. Extended attributes are kept, and freed with their node. The copies of
//! the superblock stay as they are.
//!
//! A node without names is on no list on the disk. If the machine stops while such a node is in use,
//! `e2fsck -p` frees it, as it is an inode in use without names.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod allocate;
mod bitmap;
mod block_map;
mod cached_bitmap;
mod checksum;
mod directory;
mod entry;
mod ext2;
mod extend;
mod extents;
mod features;
mod fields;
mod freed;
mod group;
mod inode;
mod inode_table;
mod journal;
mod known_names;
mod link;
mod nameless;
mod names;
mod node;
mod operations;
mod record;
mod recovery;
mod removals;
mod replayed;
mod room;
mod superblock;
#[cfg(test)]
mod tests;
mod time;
mod tree;
mod truncate;
mod verify;

pub use ext2::Ext2;
pub use features::Format;
