//! Mounting and unmounting.

use alloc::sync::Arc;

use super::mount::{self, Mount, MountFlags, Unmount};
use super::path::Path;
use crate::fs::error::FsError;
use crate::fs::file_system::Names;
use crate::fs::super_block::SuperBlock;

/// Makes a separate tree with the root of `super_block`.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn new_tree(super_block: Arc<SuperBlock>) -> Result<Path, FsError> {
    let source = super_block.kind().as_bytes();
    let mount = Mount::try_new(super_block, None, MountFlags::empty(), source)?;
    Ok(root_of(mount))
}

/// Returns the root of `mount`.
pub(in crate::fs) fn root_of(mount: Arc<Mount>) -> Path {
    let root = mount.root().clone();
    Path::new(mount, root)
}

/// Mounts `super_block` on the directory `point`, over an earlier mount there. [`mount::all`] shows
/// `source`. Returns the root of the mount.
///
/// # Errors
/// [`FsError::NotADirectory`], [`FsError::NotFound`] if the directory was removed,
/// [`FsError::Busy`] if the same file system is mounted there, [`FsError::NotPermitted`] if the
/// directory is made anew by each look-up, as directories of procfs are, [`FsError::NoMemory`].
pub fn mount(
    super_block: Arc<SuperBlock>,
    point: &Path,
    flags: MountFlags,
    source: &[u8],
) -> Result<Path, FsError> {
    let point = point.with_dentry(point.dentry().clone());
    if !point.inode().is_directory() {
        return Err(FsError::NotADirectory);
    }
    if point.is_mount_root() && Arc::ptr_eq(point.mount().super_block(), &super_block) {
        return Err(FsError::Busy);
    }
    if point.inode().file_system().names() == Names::Generated && !point.is_mount_root() {
        return Err(FsError::NotPermitted);
    }
    // A directory is removed with its lock held for writing.
    let _lock = point.inode().lock().read();
    if point.is_removed() {
        return Err(FsError::NotFound);
    }
    let place = (point.mount().clone(), point.dentry().clone());
    let mount = Mount::try_new(super_block, Some(place), flags, source)?;
    mount::add(&mount)?;
    Ok(root_of(mount))
}

/// Removes the mount whose root is `root`.
///
/// # Errors
/// [`FsError::InvalidArgument`] if that isn't the root of a mount with a place in a tree;
/// [`FsError::Busy`] if it is used: a file in it is open, or another mount is in it. `root` itself
/// doesn't count.
pub fn unmount(root: Path, how: Unmount) -> Result<(), FsError> {
    if !root.is_mount_root() {
        return Err(FsError::InvalidArgument);
    }
    let mount = root.mount().clone();
    drop(root);
    mount::remove(&mount, how)
}
