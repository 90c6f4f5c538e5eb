//! File systems on disks.
//!
//! | module | what |
//! | --- | --- |
//! | [`kinds`] | the kinds of file systems, and their options |
//! | [`mounted`] | a file system in use: its inodes, and writing it back |
//! | [`inode_ops`] | the operations of its inodes |
//! | [`node`] | a node whose inode is in memory: its changes, and its room |
//! | [`directory`] | reading a directory |
//! | [`file_store`] | the place of a file's pages on the disk |
//! | [`medium`] | the bytes of the disk, for the file system's own structures |
//! | [`convert`] | attributes and errors |
//!
//! The logic of a file system is a crate that implements [`volume::Volume`]. One thread at a time is
//! in it; the contents of files are transferred without it.

mod convert;
mod directory;
mod file_store;
mod inode_ops;
mod kinds;
mod medium;
mod mounted;
mod node;

pub use kinds::start;
