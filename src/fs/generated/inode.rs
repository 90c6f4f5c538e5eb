//! The operations of inodes of a generated file system.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::node::{Content, Node, number_of};
use super::open_text::OpenText;
use crate::fs::directory_entry::DirectoryEntry;
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file_system::FileSystem;
use crate::fs::inode::{Inode, InodeOps, LinkTarget};
use crate::fs::new_inode::{NewInode, NewKind};

/// The cursor of the first entry; the cursors before it are those of `.` and `..`.
pub(super) const FIRST_CURSOR: u64 = 2;

/// Makes the inode of `node`.
pub(super) fn make(
    file_system: &Arc<FileSystem>,
    number: u64,
    node: Node,
) -> Result<Arc<Inode>, FsError> {
    let Node { mode, owner: (uid, gid), content } = node;
    let kind = match &content {
        Content::Directory(_) => NewKind::Directory,
        Content::File(_) => NewKind::Regular,
        Content::Link(_) => NewKind::Symlink(b""),
    };
    let new = NewInode { kind, mode, uid, gid };
    let inode = Inode::try_new(file_system, number, &new, Box::try_new(Generated(content))?)?;
    if inode.is_directory() {
        inode.attributes().set_links(2);
    }
    Ok(inode)
}

/// The node of an inode.
struct Generated(Content);

impl InodeOps for Generated {
    fn lookup(&self, directory: &Inode, name: &[u8]) -> Result<Option<Arc<Inode>>, FsError> {
        let Content::Directory(entries) = &self.0 else {
            return Err(FsError::NotADirectory);
        };
        // As on Linux, a name that doesn't exist is an error even if the file should be made.
        let node = entries.find(name)?;
        let number = number_of(directory.number(), name);
        make(directory.file_system(), number, node).map(Some)
    }

    fn read_directory(
        &self,
        directory: &Inode,
        cursor: u64,
        found: &mut dyn FnMut(DirectoryEntry<'_>) -> bool,
    ) -> Result<(), FsError> {
        let Content::Directory(entries) = &self.0 else {
            return Err(FsError::NotADirectory);
        };
        entries.list(cursor.max(FIRST_CURSOR), &mut |name, kind, next| {
            let inode = number_of(directory.number(), name);
            found(DirectoryEntry { name, inode, kind, next })
        })
    }

    fn follow(&self, _inode: &Inode) -> Result<LinkTarget, FsError> {
        match &self.0 {
            Content::Link(link) => link.follow(),
            _ => Err(FsError::InvalidArgument),
        }
    }

    fn open(&self, _inode: &Inode) -> Result<Option<Arc<dyn FileOps>>, FsError> {
        let Content::File(file) = &self.0 else {
            return Ok(None);
        };
        file.check_open()?;
        Ok(Some(Arc::try_new(OpenText::new(file.clone()))?))
    }

    fn check_change(&self) -> Result<(), FsError> {
        Err(FsError::NotPermitted)
    }
}
