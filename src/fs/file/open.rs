//! Opening a file by its path.

use alloc::sync::Arc;

use path_walk::{Found, LastLink, Options, Restrictions, Walked};

use super::file_ops::FileOps;
use super::open_file::OpenFile;
use super::open_flags::OpenFlags;
use crate::fs::attributes::{FileKind, Mode};
use crate::fs::credentials::Access;
use crate::fs::devices;
use crate::fs::error::FsError;
use crate::fs::namespace::lookup::{self, Caller};
use crate::fs::namespace::mount::MountFlags;
use crate::fs::namespace::path::Path;
use crate::fs::namespace::{change, create};
use crate::fs::pipe;

/// Opens `path`; `mode` is the mode of a new file.
///
/// # Errors
/// The errors of open(2): [`FsError::NotFound`], [`FsError::Exists`], [`FsError::IsADirectory`],
/// [`FsError::NotADirectory`], [`FsError::TooManyLinks`] for a link that isn't followed,
/// [`FsError::PermissionDenied`], [`FsError::ReadOnly`], [`FsError::TextBusy`],
/// [`FsError::NoDevice`] and others.
pub fn open(
    caller: &Caller<'_>,
    path: &[u8],
    flags: OpenFlags,
    mode: Mode,
) -> Result<Arc<OpenFile>, FsError> {
    open_restricted(caller, path, flags, mode, Restrictions::default())
}

/// Opens `path`, with restrictions on its walk.
///
/// # Errors
/// As [`open`], and [`FsError::CrossesMount`].
pub fn open_restricted(
    caller: &Caller<'_>,
    path: &[u8],
    flags: OpenFlags,
    mode: Mode,
    restrictions: Restrictions,
) -> Result<Arc<OpenFile>, FsError> {
    // With `PATH`, only these flags have an effect.
    let flags = match flags.contains(OpenFlags::PATH) {
        true => {
            flags
                & (OpenFlags::PATH
                    | OpenFlags::DIRECTORY
                    | OpenFlags::NO_FOLLOW
                    | OpenFlags::CLOSE_ON_EXEC)
        }
        false => flags,
    };
    if flags.contains(OpenFlags::UNNAMED) {
        return open_unnamed(caller, path, flags, mode, restrictions);
    }
    if flags.contains(OpenFlags::CREATE | OpenFlags::DIRECTORY) {
        return Err(FsError::InvalidArgument);
    }
    let is_exclusive = flags.contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE);
    let last_link = match is_exclusive || flags.contains(OpenFlags::NO_FOLLOW) {
        true => LastLink::Keep,
        false => LastLink::Follow,
    };
    let options = Options { last_link, restrictions };
    match lookup::walk(caller, path, options)? {
        Walked::Found(Found { place, has_slash }) => {
            if flags.contains(OpenFlags::CREATE) {
                if is_exclusive {
                    return Err(FsError::Exists);
                }
                if has_slash || place.inode().is_directory() {
                    return Err(FsError::IsADirectory);
                }
            }
            open_found(caller, place, flags)
        }
        Walked::Missing { directory, name, has_slash } => {
            if !flags.contains(OpenFlags::CREATE) {
                return Err(FsError::NotFound);
            }
            if has_slash {
                return Err(FsError::IsADirectory);
            }
            let (is_made, place) = create::make_file(caller, &directory, &name, mode)?;
            if is_made {
                // The mode of a new file applies only to later opens.
                return OpenFile::try_new(place, flags, None);
            }
            // Another thread has made the file first.
            match place.inode().kind() {
                _ if is_exclusive => Err(FsError::Exists),
                FileKind::Directory => Err(FsError::IsADirectory),
                FileKind::Symlink if last_link == LastLink::Follow => {
                    open_restricted(caller, path, flags & !OpenFlags::CREATE, mode, restrictions)
                }
                _ => open_found(caller, place, flags),
            }
        }
    }
}

fn open_unnamed(
    caller: &Caller<'_>,
    path: &[u8],
    flags: OpenFlags,
    mode: Mode,
    restrictions: Restrictions,
) -> Result<Arc<OpenFile>, FsError> {
    if !flags.can_write() {
        return Err(FsError::InvalidArgument);
    }
    let options = Options { last_link: LastLink::Follow, restrictions };
    let directory = lookup::look_up_restricted(caller, path, options)?;
    let place = create::make_unnamed(caller, &directory, mode)?;
    if !flags.contains(OpenFlags::EXCLUSIVE) {
        place.inode().set_linkable();
    }
    OpenFile::try_new(place, flags & !OpenFlags::UNNAMED, None)
}

/// Opens the file at `place`.
///
/// # Errors
/// As [`open`].
pub fn open_found(
    caller: &Caller<'_>,
    place: Path,
    flags: OpenFlags,
) -> Result<Arc<OpenFile>, FsError> {
    let inode = place.inode();
    let kind = inode.kind();
    if flags.contains(OpenFlags::DIRECTORY) && kind != FileKind::Directory {
        return Err(FsError::NotADirectory);
    }
    if flags.contains(OpenFlags::PATH) {
        return OpenFile::try_new(place, flags, None);
    }
    if kind == FileKind::Symlink {
        return Err(FsError::TooManyLinks);
    }
    let is_truncated = flags.contains(OpenFlags::TRUNCATE);
    if kind == FileKind::Directory && (flags.can_write() || is_truncated) {
        return Err(FsError::IsADirectory);
    }
    let mut access = Access::empty();
    access.set(Access::READ, flags.can_read());
    access.set(Access::WRITE, flags.can_write() || is_truncated);
    caller.credentials.check(inode.permissions(), access)?;
    let is_stored = matches!(kind, FileKind::Regular | FileKind::Directory);
    if is_stored && access.contains(Access::WRITE) {
        place.mount().check_writable()?;
    }
    if flags.contains(OpenFlags::NO_ACCESS_TIME)
        && !caller.credentials.is_owner(inode.permissions())
    {
        return Err(FsError::NotPermitted);
    }
    let special = special(&place, flags)?;
    let is_in_pages = special.is_none() && kind == FileKind::Regular;
    let file = OpenFile::try_new(place, flags, special)?;
    if is_truncated && is_in_pages {
        change::resize(file.inode(), 0)?;
    }
    Ok(file)
}

/// Opens the object that handles reads and writes of the file, if that isn't the page cache.
fn special(place: &Path, flags: OpenFlags) -> Result<Option<Arc<dyn FileOps>>, FsError> {
    let inode = place.inode();
    match inode.kind() {
        FileKind::Directory => Ok(None),
        FileKind::Fifo => Ok(Some(pipe::open_fifo(inode.fifo(), flags)?)),
        FileKind::CharDevice | FileKind::BlockDevice => {
            if place.mount().flags().contains(MountFlags::NO_DEV) {
                return Err(FsError::PermissionDenied);
            }
            devices::open(inode.kind(), inode.represents(), flags).map(Some)
        }
        FileKind::Socket => Err(FsError::NoDevice),
        FileKind::Regular | FileKind::Symlink => inode.ops().open(inode),
    }
}
