//! Names: directory entries, mounts, paths, and the operations that change them.
//!
//! | module | what |
//! | --- | --- |
//! | [`dentry`] | a name in a directory, and its inode |
//! | [`dentry_cache`] | the table of the names that were looked up |
//! | [`mount`] | file systems at places of the tree |
//! | [`attach`] | mounting and unmounting |
//! | [`path`] | a place in the tree: a mount and a directory entry |
//! | [`lookup`] | looking up paths |
//! | [`create`] | making files, directories, links |
//! | [`remove`] | removing names |
//! | [`rename`] | moving names |
//! | [`change`] | changing owners, modes, times, sizes |

pub mod attach;
pub mod change;
pub mod create;
pub(super) mod dentry;
pub mod dentry_cache;
pub mod lookup;
pub mod mount;
pub mod path;
pub mod remove;
pub mod rename;

/// Makes the table of names, for a machine with this number of frames.
///
/// # Panics
/// If there is no memory for it.
pub(super) fn start(frames: usize, seed: u64) {
    dentry_cache::start(frames, seed);
}
