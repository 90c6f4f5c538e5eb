//! Files whose contents are generated when they are read, such as those of procfs.
//!
//! | module | what |
//! | --- | --- |
//! | [`node`] | a file: a directory, a text, a link |
//! | [`text`] | the text of a file |
//! | [`open_text`] | an open file with a text |
//! | [`inode`] | the operations of inodes |
//! | [`table`] | directories with fixed entries |
//!
//! Higher rooms generate the contents. Names aren't cached: each walk looks them up in the
//! directory, so a name exists exactly as long as its object.

mod inode;
mod node;
mod open_text;
mod table;
mod text;

use alloc::sync::Arc;

use super::error::FsError;
use super::file_system::FileSystem;
use super::super_block::SuperBlock;

pub use node::{Content, Directory, File, Found, Link, Node, number_of};
pub use table::{Row, Subject, TableDirectory, What};
pub use text::Text;

/// The number of the root's inode.
const ROOT: u64 = 1;

/// Makes a file system of `kind` with this root, a directory. Programs identify the kind by the
/// number `magic`.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn make(kind: &'static str, magic: u64, root: Node) -> Result<Arc<SuperBlock>, FsError> {
    let file_system = FileSystem::try_new_generated(kind)?;
    let root = inode::make(&file_system, ROOT, root)?;
    SuperBlock::try_new_in_memory(file_system, root, magic)
}
