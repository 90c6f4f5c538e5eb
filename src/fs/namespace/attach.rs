//! Mounting and unmounting.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::dentry::Dentry;
use super::mount::{self, Mount, MountFlags, Place, Unmount};
use super::path::Path;
use crate::fs::error::FsError;
use crate::fs::file_system::Names;
use crate::fs::super_block::SuperBlock;

/// Makes a separate mount tree with the root of `super_block`.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn new_tree(super_block: Arc<SuperBlock>) -> Result<Path, FsError> {
    let source = super_block.kind();
    new_tree_from(super_block, source.as_bytes())
}

/// Does the same; `source` is the source that [`mount::all`] returns for it.
///
/// # Errors
/// [`FsError::NoMemory`].
pub(in crate::fs) fn new_tree_from(
    super_block: Arc<SuperBlock>,
    source: &[u8],
) -> Result<Path, FsError> {
    let root = super_block.root().clone();
    let mount = Mount::try_new(super_block.clone(), root, MountFlags::empty(), source)?;
    Ok(root_of(mount))
}

/// Returns the root of `mount`.
pub(in crate::fs) fn root_of(mount: Arc<Mount>) -> Path {
    let root = mount.root().clone();
    Path::new(mount, root)
}

/// Mounts `super_block` on the directory `point`, over an earlier mount there. `source` is the
/// source that [`mount::all`] returns for it. Returns the root of the mount.
///
/// # Errors
/// [`FsError::NotADirectory`], [`FsError::NotFound`] if the directory was removed,
/// [`FsError::Busy`] if the same file system is mounted there, [`FsError::NotPermitted`] if each
/// look-up makes the directory anew, as in procfs, [`FsError::NoMemory`].
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
    let root = super_block.root().clone();
    let mount = Mount::try_new(super_block.clone(), root, flags, source)?;
    attach(&mount, &point)?;
    Ok(root_of(mount))
}

/// Adds a mount at `point`, which it covers.
fn attach(mount: &Arc<Mount>, point: &Path) -> Result<(), FsError> {
    // A removal of the directory takes this lock for writing.
    let _lock = point.inode().lock().read();
    if point.is_removed() {
        return Err(FsError::NotFound);
    }
    mount::add(mount, place_of(point))
}

fn place_of(path: &Path) -> Place {
    (path.mount().clone(), path.dentry().clone())
}

/// Checks that `root` can be visible at `point`: either both are directories, or neither is.
fn check_kinds(root: &Path, point: &Path) -> Result<(), FsError> {
    match root.inode().is_directory() == point.inode().is_directory() {
        true => Ok(()),
        false => Err(FsError::NotADirectory),
    }
}

/// The mounts below the tree that a bind includes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binds {
    /// None: the files that these mounts cover become visible.
    Only,
    /// All mounts below: MS_REC.
    WithMounts,
}

/// Makes the tree at `from` also visible at `point`: MS_BIND.
///
/// # Errors
/// [`FsError::NotADirectory`] if one is a directory and the other isn't, [`FsError::NotFound`] if
/// `point` was removed, [`FsError::NoMemory`].
pub fn bind(from: &Path, point: &Path, binds: Binds) -> Result<(), FsError> {
    let point = point.with_dentry(point.dentry().clone());
    check_kinds(from, &point)?;
    // Listed before the new mount is attached, so that it isn't copied itself.
    let below = match binds {
        Binds::Only => Vec::new(),
        Binds::WithMounts => mount::all()?,
    };
    let top = copy_of(from.mount(), from.dentry())?;
    attach(&top, &point)?;
    // Each copied mount, with its copy.
    let mut copies = Vec::new();
    copies.try_reserve(below.len() + 1)?;
    copies.push((from.mount().clone(), top));
    for mount in below {
        let Some((on, dentry)) = mount.point() else {
            continue;
        };
        let is_seen = !Arc::ptr_eq(&on, from.mount()) || dentry.is_within(from.dentry());
        let copied = copies.iter().find(|(original, _)| Arc::ptr_eq(original, &on));
        if let Some((_, copy)) = copied.filter(|_| is_seen) {
            let place = (copy.clone(), dentry);
            let own = copy_of(&mount, mount.root())?;
            mount::add(&own, place)?;
            copies.push((mount, own));
        }
    }
    Ok(())
}

/// Makes a mount for an entry of another mount's file system, with the same flags.
fn copy_of(mount: &Mount, root: &Arc<Dentry>) -> Result<Arc<Mount>, FsError> {
    Mount::try_new(mount.super_block().clone(), root.clone(), mount.flags(), mount.source())
}

/// Returns whether `path` is in `mount`, or in a mount on it, directly or not.
fn is_on(path: &Path, mount: &Arc<Mount>) -> bool {
    let mut at = path.mount().clone();
    loop {
        if Arc::ptr_eq(&at, mount) {
            return true;
        }
        match at.point() {
            Some((below, _)) => at = below,
            None => return false,
        }
    }
}

/// Moves the mount whose root is `root` to `point`: MS_MOVE.
///
/// # Errors
/// [`FsError::InvalidArgument`] if it isn't attached, or one is a directory and the other isn't;
/// [`FsError::TooManyLinks`] if `point` is in the mount.
pub fn relocate(root: &Path, point: &Path) -> Result<(), FsError> {
    let point = point.with_dentry(point.dentry().clone());
    let has_place = root.is_mount_root() && root.mount().point().is_some();
    if !has_place || check_kinds(root, &point).is_err() {
        return Err(FsError::InvalidArgument);
    }
    if is_on(&point, root.mount()) {
        return Err(FsError::TooManyLinks);
    }
    mount::relocate([(root.mount(), place_of(&point))])
}

/// Moves the mount whose root is `root`, where paths start, to `old`, and the mount whose root is
/// `new` to its place: pivot_root(2).
///
/// # Errors
/// [`FsError::Busy`] if `new` or `old` is in the mount of `root`; [`FsError::InvalidArgument`] if
/// `root` or `new` isn't the root of an attached mount, or `old` isn't at or below `new`.
pub fn pivot(root: &Path, new: &Path, old: &Path) -> Result<(), FsError> {
    let is_same = |path: &Path| Arc::ptr_eq(path.mount(), root.mount());
    if is_same(new) || is_same(old) {
        return Err(FsError::Busy);
    }
    let place = root.mount().point().filter(|_| root.is_mount_root());
    let place = place.ok_or(FsError::InvalidArgument)?;
    let has_place = new.is_mount_root() && new.mount().point().is_some();
    if !has_place || old.text(new)?.is_none() || new.text(root)?.is_none() {
        return Err(FsError::InvalidArgument);
    }
    mount::relocate([(root.mount(), place_of(old)), (new.mount(), place)])
}

/// Removes the mount whose root is `root`.
///
/// # Errors
/// [`FsError::InvalidArgument`] if `root` isn't the root of an attached mount; [`FsError::Busy`] if
/// it is in use: a file in it is open, or there is a mount in it. The reference in `root` itself
/// doesn't count.
pub fn unmount(root: Path, how: Unmount) -> Result<(), FsError> {
    if !root.is_mount_root() {
        return Err(FsError::InvalidArgument);
    }
    let mount = root.mount().clone();
    drop(root);
    mount::remove(&mount, how)
}
