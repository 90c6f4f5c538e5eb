//! Removing names.

use super::dentry_cache;
use super::lookup::{self, Caller, NameAt};
use super::path::Path;
use crate::fs::error::FsError;
use crate::fs::file_system::Maker;
use crate::sync::Rank;
use path_walk::Last;

/// Removes the name `path`, which isn't a directory's. The file is removed when it has no names and
/// is no longer in use.
///
/// # Errors
/// [`FsError::IsADirectory`], [`FsError::Busy`] if something is mounted on it, errors of
/// permissions and walks.
pub fn remove_file(caller: &Caller<'_>, path: &[u8]) -> Result<(), FsError> {
    remove_file_by(Maker::Program, caller, path)
}

/// Removes the file `name` in `root`, also in file systems in which programs can't remove files.
/// May wait.
///
/// # Errors
/// [`FsError::NotFound`] and others.
pub fn remove_node_of_kernel(root: &Path, name: &[u8]) -> Result<(), FsError> {
    remove_file_by(Maker::Kernel, &Caller::root(root), name)
}

fn remove_file_by(by: Maker, caller: &Caller<'_>, path: &[u8]) -> Result<(), FsError> {
    let at = NameAt::find(caller, path)?;
    let name = at.name(FsError::IsADirectory)?;
    let directory = at.directory.inode();
    // Dropped after the lock is released, possibly together with the file.
    let dentry;
    {
        let _lock = directory.lock().write();
        dentry = lookup::look_up_locked(at.directory.dentry(), name)?;
        let inode = dentry.inode().ok_or(FsError::NotFound)?;
        if at.has_slash && !inode.is_directory() {
            return Err(FsError::NotADirectory);
        }
        at.directory.mount().check_writable()?;
        caller.credentials.check_removal(directory.permissions(), inode.permissions())?;
        if inode.is_directory() {
            return Err(FsError::IsADirectory);
        }
        if by == Maker::Program {
            directory.file_system().check_names_change()?;
        }
        if dentry.is_mount_point() {
            return Err(FsError::Busy);
        }
        directory.ops().remove(directory, name, inode)?;
        dentry.set_removed();
        dentry_cache::remove(at.directory.dentry(), name);
    }
    drop(dentry);
    Ok(())
}

/// Removes the empty directory `path`.
///
/// # Errors
/// [`FsError::NotADirectory`], [`FsError::NotEmpty`], [`FsError::InvalidArgument`] if the path ends
/// with `.`, [`FsError::Busy`] if something is mounted on it or it is a root, errors of permissions
/// and walks.
pub fn remove_directory(caller: &Caller<'_>, path: &[u8]) -> Result<(), FsError> {
    let at = NameAt::find(caller, path)?;
    let name = match at.last {
        Last::Name(name) => name,
        Last::DotDot => return Err(FsError::NotEmpty),
        Last::Dot if path.iter().all(|byte| *byte == b'/') => return Err(FsError::Busy),
        Last::Dot => return Err(FsError::InvalidArgument),
    };
    let directory = at.directory.inode();
    let dentry;
    {
        let _lock = directory.lock().write();
        dentry = lookup::look_up_locked(at.directory.dentry(), name)?;
        let inode = dentry.inode().ok_or(FsError::NotFound)?;
        at.directory.mount().check_writable()?;
        caller.credentials.check_removal(directory.permissions(), inode.permissions())?;
        if !inode.is_directory() {
            return Err(FsError::NotADirectory);
        }
        directory.file_system().check_names_change()?;
        let _own_lock = inode.lock().write_as(Rank::ThirdInode);
        if dentry.is_mount_point() {
            return Err(FsError::Busy);
        }
        directory.ops().remove(directory, name, inode)?;
        dentry.set_removed();
        dentry_cache::remove(at.directory.dentry(), name);
    }
    dentry_cache::drop_children(&dentry);
    Ok(())
}
