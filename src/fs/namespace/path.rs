//! A place in the tree.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::dentry::Dentry;
use super::mount::{self, Mount};
use crate::fs::error::FsError;
use crate::fs::inode::Inode;

/// A place in the tree: a directory entry that has an inode, and the mount in which it is reached.
#[derive(Clone, Debug)]
pub struct Path {
    mount: Arc<Mount>,
    dentry: Arc<Dentry>,
}

impl Path {
    /// Makes the place of `dentry`, which has an inode, in `mount`.
    #[inline]
    pub(in crate::fs) fn new(mount: Arc<Mount>, dentry: Arc<Dentry>) -> Self {
        debug_assert!(dentry.inode().is_some());
        Self { mount, dentry }
    }

    /// Returns the mount.
    #[inline]
    pub fn mount(&self) -> &Arc<Mount> {
        &self.mount
    }

    #[inline]
    pub(in crate::fs) fn dentry(&self) -> &Arc<Dentry> {
        &self.dentry
    }

    /// Returns the inode.
    #[inline]
    pub fn inode(&self) -> &Arc<Inode> {
        self.dentry.inode().expect("a place has an inode")
    }

    /// Returns the place of `dentry`, which has an inode, in the same mount, or the root of a mount
    /// on it.
    #[inline]
    pub(super) fn with_dentry(&self, dentry: Arc<Dentry>) -> Self {
        let (mount, dentry) = match dentry.is_mount_point() {
            true => mount::top_of((self.mount.clone(), dentry)),
            false => (self.mount.clone(), dentry),
        };
        Self::new(mount, dentry)
    }

    /// Returns the directory above, across mounts. The root's is the root itself.
    pub fn parent(&self) -> Self {
        let mut at = self.clone();
        while at.is_mount_root() {
            match at.mount.point() {
                Some((mount, dentry)) => at = Self::new(mount, dentry),
                None => return at,
            }
        }
        match at.dentry.parent() {
            Some(parent) => at.with_dentry(parent),
            None => at,
        }
    }

    /// Returns whether it is the root of its mount.
    #[inline]
    pub fn is_mount_root(&self) -> bool {
        Arc::ptr_eq(&self.dentry, self.mount.root())
    }

    /// Returns whether its name was removed.
    pub fn is_removed(&self) -> bool {
        self.dentry.is_removed()
    }

    /// Returns the text of the path from `root`; `None` if the place can't be reached from there. `
    /// (deleted)` is appended to a removed name.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn text(&self, root: &Self) -> Result<Option<Vec<u8>>, FsError> {
        // The path is built from its end to its start, and reversed afterwards.
        let mut reversed = Vec::new();
        let mut append = |name: &[u8]| -> Result<(), FsError> {
            reversed.try_reserve(name.len() + 1)?;
            reversed.extend(name.iter().rev());
            Ok(())
        };
        if self.is_removed() {
            append(b" (deleted)")?;
        }
        let mut at = self.clone();
        while at != *root {
            if at.is_mount_root() {
                match at.mount.point() {
                    Some((mount, dentry)) => at = Self::new(mount, dentry),
                    None => return Ok(None),
                }
                continue;
            }
            let (parent, result) = at.dentry.with_place(&mut append);
            result?;
            let Some(parent) = parent else {
                // A file without a place in the tree, such as a pipe, has only a name. A file
                // without a directory is shown as one that was removed from the root.
                if self.is_removed() {
                    append(b"/")?;
                }
                reversed.reverse();
                return Ok(Some(reversed));
            };
            append(b"/")?;
            at = Self::new(at.mount.clone(), parent);
        }
        if self == root {
            append(b"/")?;
        }
        reversed.reverse();
        Ok(Some(reversed))
    }
}

impl PartialEq for Path {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.dentry, &other.dentry) && Arc::ptr_eq(&self.mount, &other.mount)
    }
}

impl Eq for Path {}
