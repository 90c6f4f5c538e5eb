//! Owners, modes, times and sizes.

use capabilities::Capability;

use super::lookup::Caller;
use super::path::Path;
use crate::fs::attributes::{FileKind, Mode, Touch};
use crate::fs::credentials::Access;
use crate::fs::error::FsError;
use crate::fs::inode::Inode;
use crate::fs::size_limit;
use crate::fs::time;

/// The largest size of a file, in bytes.
pub const FILE_MAX_BYTES: u64 = i64::MAX as u64;

/// A new time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewTime {
    /// No change.
    Keep,
    /// The present time.
    Now,
    /// Nanoseconds since 1970.
    Ns(i64),
}

/// Sets the permission bits.
///
/// # Errors
/// [`FsError::NotPermitted`] unless the caller is the owner; [`FsError::ReadOnly`];
/// [`FsError::NotSupported`] for a symbolic link.
pub fn set_mode(caller: &Caller<'_>, path: &Path, mode: Mode) -> Result<(), FsError> {
    path.mount().check_writable()?;
    let inode = path.inode();
    if inode.kind() == FileKind::Symlink {
        return Err(FsError::NotSupported);
    }
    let _lock = inode.lock().write();
    if !caller.credentials.is_owner(inode.permissions()) {
        return Err(FsError::NotPermitted);
    }
    inode.ops().check_change()?;
    let is_in_group = caller.credentials.is_in_group(inode.owner().1);
    let kept = match is_in_group || caller.credentials.has(Capability::FileSetId) {
        true => mode,
        false => mode & !Mode::SET_GID,
    };
    inode.attributes().set_mode(kept);
    inode.touch(Touch::Changed);
    Ok(())
}

/// Sets the owner and the group, if given. A file that isn't a directory loses the set-ID bits.
///
/// # Errors
/// [`FsError::NotPermitted`] unless the caller is root, or is the owner and sets one of its own
/// groups; [`FsError::ReadOnly`].
pub fn set_owner(
    caller: &Caller<'_>,
    path: &Path,
    uid: Option<u32>,
    gid: Option<u32>,
) -> Result<(), FsError> {
    path.mount().check_writable()?;
    let inode = path.inode();
    let _lock = inode.lock().write();
    let (old_uid, old_gid) = inode.owner();
    let (uid, gid) = (uid.unwrap_or(old_uid), gid.unwrap_or(old_gid));
    let credentials = caller.credentials;
    let is_own = credentials.uid == old_uid
        && uid == old_uid
        && (gid == old_gid || credentials.is_in_group(gid));
    if !is_own && !credentials.has(Capability::Chown) {
        return Err(FsError::NotPermitted);
    }
    inode.ops().check_change()?;
    drop_set_ids(inode);
    inode.attributes().set_owner(uid, gid);
    inode.touch(Touch::Changed);
    Ok(())
}

/// Clears the bits by which a file runs with other rights. The inode's lock is held for writing.
pub(in crate::fs) fn drop_set_ids(inode: &Inode) {
    let mode = inode.mode();
    if inode.is_directory() || !mode.intersects(Mode::SET_UID | Mode::SET_GID) {
        return;
    }
    // Without the group's right to execute, the bit used to stand for mandatory locks.
    let kept = match mode.contains(Mode::GROUP_EXECUTE) {
        true => mode & !Mode::SET_UID & !Mode::SET_GID,
        false => mode & !Mode::SET_UID,
    };
    inode.attributes().set_mode(kept);
}

/// Sets the times of the last read and write.
///
/// # Errors
/// [`FsError::NotPermitted`] or [`FsError::PermissionDenied`]: the owner may set any times; other
/// users with write permission may only set both to the present; [`FsError::ReadOnly`].
pub fn set_times(
    caller: &Caller<'_>,
    path: &Path,
    accessed: NewTime,
    modified: NewTime,
) -> Result<(), FsError> {
    path.mount().check_writable()?;
    if accessed == NewTime::Keep && modified == NewTime::Keep {
        return Ok(());
    }
    let inode = path.inode();
    let _lock = inode.lock().write();
    if !caller.credentials.is_owner(inode.permissions()) {
        if accessed != NewTime::Now || modified != NewTime::Now {
            return Err(FsError::NotPermitted);
        }
        caller.credentials.check(inode.permissions(), Access::WRITE)?;
    }
    inode.ops().check_change()?;
    let ns = |time| match time {
        NewTime::Keep => None,
        NewTime::Now => Some(time::now_ns()),
        NewTime::Ns(ns) => Some(ns),
    };
    inode.attributes().set_times_ns(ns(accessed), ns(modified));
    inode.ops().note_change();
    Ok(())
}

/// Sets the size of the file: truncates it, or adds a hole.
///
/// # Errors
/// [`FsError::IsADirectory`], [`FsError::InvalidArgument`] if it has no size,
/// [`FsError::PermissionDenied`], [`FsError::ReadOnly`], [`FsError::TooLarge`],
/// [`FsError::TextBusy`].
pub fn set_size(caller: &Caller<'_>, path: &Path, size_bytes: u64) -> Result<(), FsError> {
    let inode = path.inode();
    match inode.kind() {
        FileKind::Regular => {}
        FileKind::Directory => return Err(FsError::IsADirectory),
        _ => return Err(FsError::InvalidArgument),
    }
    path.mount().check_writable()?;
    caller.credentials.check(inode.permissions(), Access::WRITE)?;
    inode.begin_writing()?;
    let result = match size_bytes == inode.size_bytes() {
        // As on Linux, the times don't change, unless the size is set by a descriptor.
        true => {
            let _lock = inode.lock().write();
            drop_set_ids(inode);
            Ok(())
        }
        false => resize(inode, size_bytes),
    };
    inode.end_writing();
    result
}

/// Sets the size of a regular file.
pub(in crate::fs) fn resize(inode: &Inode, size_bytes: u64) -> Result<(), FsError> {
    if size_bytes > FILE_MAX_BYTES {
        return Err(FsError::TooLarge);
    }
    let _lock = inode.lock().write();
    inode.sealing().check_size(inode.size_bytes(), size_bytes)?;
    size_limit::check_size(inode.size_bytes(), size_bytes)?;
    inode.ops().resize(inode, size_bytes)?;
    drop_set_ids(inode);
    inode.touch(Touch::Modified);
    Ok(())
}
