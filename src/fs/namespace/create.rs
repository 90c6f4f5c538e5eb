//! New files, directories and links.

use alloc::sync::Arc;

use capabilities::Capability;
use path_walk::LastLink;

use super::dentry::Dentry;
use super::dentry_cache;
use super::lookup::{self, Caller, NameAt};
use super::path::Path;
use crate::fs::attributes::Mode;
use crate::fs::credentials::Access;
use crate::fs::error::FsError;
use crate::fs::file_system::{Maker, Names};
use crate::fs::inode::Inode;
use crate::fs::new_inode::{self, NewInode, NewKind};

/// Makes the directory `path`.
///
/// # Errors
/// [`FsError::Exists`], [`FsError::PermissionDenied`], [`FsError::ReadOnly`], [`FsError::NoSpace`],
/// the errors of walks and others.
pub fn make_directory(caller: &Caller<'_>, path: &[u8], mode: Mode) -> Result<Path, FsError> {
    let at = NameAt::find(caller, path)?;
    make(caller, &at, NewKind::Directory, caller.masked(mode & !Mode::SET_UID & !Mode::SET_GID))
}

/// Makes the FIFO, socket, device or empty file `path`.
///
/// # Errors
/// [`FsError::NotPermitted`] for a device if the caller isn't root; as [`make_directory`].
pub fn make_node(
    caller: &Caller<'_>,
    path: &[u8],
    kind: NewKind<'_>,
    mode: Mode,
) -> Result<Path, FsError> {
    let at = NameAt::find(caller, path)?;
    make(caller, &at, kind, caller.masked(mode))
}

/// Makes the node `name` in the directory `root`, also in file systems in which programs can't make
/// files. May wait.
///
/// # Errors
/// [`FsError::Exists`], [`FsError::NoMemory`], [`FsError::NoSpace`].
pub fn make_node_of_kernel(
    root: &Path,
    name: &[u8],
    kind: NewKind<'_>,
    mode: Mode,
) -> Result<Path, FsError> {
    let _lock = root.inode().lock().write();
    check_free(root, name)?;
    make_unchecked(&Caller::root(root), root, name, kind, mode)
}

/// Makes the symbolic link `path` with this text.
///
/// # Errors
/// [`FsError::NotFound`] if the text is empty, [`FsError::NameTooLong`]; as [`make_directory`].
pub fn make_symlink(caller: &Caller<'_>, text: &[u8], path: &[u8]) -> Result<Path, FsError> {
    if text.is_empty() {
        return Err(FsError::NotFound);
    }
    if text.len() >= path_walk::PATH_MAX_BYTES {
        return Err(FsError::NameTooLong);
    }
    let at = NameAt::find(caller, path)?;
    make(caller, &at, NewKind::Symlink(text), Mode::from_bits_truncate(0o777))
}

/// Makes `path` another name of the file `from`.
///
/// # Errors
/// [`FsError::NotPermitted`] if the file is a directory, [`FsError::CrossesMount`],
/// [`FsError::TooManyNames`]; as [`make_directory`].
pub fn make_link(
    caller: &Caller<'_>,
    from: &[u8],
    last_link: LastLink,
    to_caller: &Caller<'_>,
    to: &[u8],
) -> Result<(), FsError> {
    let from = lookup::look_up_path(caller, from, last_link)?;
    link_path(&from, to_caller, to)
}

/// Makes `path` another name of the file at `from`.
///
/// # Errors
/// As [`make_link`].
pub fn link_path(from: &Path, caller: &Caller<'_>, path: &[u8]) -> Result<(), FsError> {
    let at = NameAt::find(caller, path)?;
    let name = at.name(FsError::Exists)?;
    if !Arc::ptr_eq(from.mount(), at.directory.mount()) {
        return Err(FsError::CrossesMount);
    }
    let directory = at.directory.inode();
    let _lock = directory.lock().write();
    check_free(&at.directory, name)?;
    if at.has_slash {
        return Err(FsError::NotFound);
    }
    check_creation(caller, &at.directory)?;
    directory.file_system().check_names_change()?;
    if from.inode().is_directory() {
        return Err(FsError::NotPermitted);
    }
    directory.ops().link(directory, name, from.inode())?;
    add_name(&at.directory, name, from.inode().clone());
    Ok(())
}

/// Makes a file without a name, in the directory `path`: the file is removed when it is closed.
pub(in crate::fs) fn make_unnamed(
    caller: &Caller<'_>,
    directory: &Path,
    mode: Mode,
) -> Result<Path, FsError> {
    let inode = directory.inode();
    if !inode.is_directory() {
        return Err(FsError::NotADirectory);
    }
    let _lock = inode.lock().write();
    check_creation(caller, directory)?;
    check_maker(inode, None, NewKind::Regular)?;
    let new = new_inode(caller, inode, NewKind::Regular, caller.masked(mode));
    let made = inode.ops().create(inode, None, new)?;
    let dentry = Dentry::try_new(Some(directory.dentry()), b"#unnamed", Some(made))?;
    dentry.set_removed();
    Ok(Path::new(directory.mount().clone(), dentry))
}

/// Makes the file `name` in `directory` if it doesn't exist yet; returns its path, and whether it
/// was made.
pub(in crate::fs) fn make_file(
    caller: &Caller<'_>,
    directory: &Path,
    name: &[u8],
    mode: Mode,
) -> Result<(bool, Path), FsError> {
    let inode = directory.inode();
    let _lock = inode.lock().write();
    let there = lookup::look_up_locked(directory.dentry(), name)?;
    if there.inode().is_some() {
        return Ok((false, directory.with_dentry(there)));
    }
    let made = make_locked(caller, directory, name, NewKind::Regular, caller.masked(mode))?;
    Ok((true, made))
}

fn make(
    caller: &Caller<'_>,
    at: &NameAt<'_>,
    kind: NewKind<'_>,
    mode: Mode,
) -> Result<Path, FsError> {
    let name = at.name(FsError::Exists)?;
    let inode = at.directory.inode();
    let _lock = inode.lock().write();
    check_free(&at.directory, name)?;
    if at.has_slash && !matches!(kind, NewKind::Directory) {
        return Err(FsError::NotFound);
    }
    make_locked(caller, &at.directory, name, kind, mode)
}

/// Makes `name`, which is free in `directory`, whose lock is held for writing.
fn make_locked(
    caller: &Caller<'_>,
    directory: &Path,
    name: &[u8],
    kind: NewKind<'_>,
    mode: Mode,
) -> Result<Path, FsError> {
    check_creation(caller, directory)?;
    let is_device = matches!(kind, NewKind::CharDevice(_) | NewKind::BlockDevice(_));
    if is_device && !caller.credentials.has(Capability::MakeNode) {
        return Err(FsError::NotPermitted);
    }
    check_maker(directory.inode(), Some(name), kind)?;
    make_unchecked(caller, directory, name, kind, mode)
}

/// As [`make_locked`], without a check of the caller's rights.
fn make_unchecked(
    caller: &Caller<'_>,
    directory: &Path,
    name: &[u8],
    kind: NewKind<'_>,
    mode: Mode,
) -> Result<Path, FsError> {
    let inode = directory.inode();
    let made = inode.ops().create(inode, Some(name), new_inode(caller, inode, kind, mode))?;
    match add_name(directory, name, made.clone()) {
        Some(dentry) => Ok(Path::new(directory.mount().clone(), dentry)),
        // The file exists, but isn't in the table, so its path has a separate entry.
        None => {
            let dentry = Dentry::try_new(Some(directory.dentry()), name, Some(made))?;
            Ok(Path::new(directory.mount().clone(), dentry))
        }
    }
}

/// Adds the name to the table, where it replaces the entry of the free name. If there is no memory
/// for that, or the table doesn't keep such names, the name is looked up again later.
fn add_name(directory: &Path, name: &[u8], inode: Arc<Inode>) -> Option<Arc<Dentry>> {
    if inode.file_system().names() == Names::Generated {
        return None;
    }
    dentry_cache::remove(directory.dentry(), name);
    dentry_cache::add(directory.dentry(), name, Some(inode)).ok()
}

fn check_free(directory: &Path, name: &[u8]) -> Result<(), FsError> {
    match lookup::look_up_locked(directory.dentry(), name)?.inode() {
        Some(_) => Err(FsError::Exists),
        None => Ok(()),
    }
}

fn check_creation(caller: &Caller<'_>, directory: &Path) -> Result<(), FsError> {
    directory.mount().check_writable()?;
    if directory.is_removed() || directory.inode().attributes().links() == 0 {
        return Err(FsError::NotFound);
    }
    caller.credentials.check(directory.inode().permissions(), Access::WRITE | Access::EXECUTE)
}

/// Checks that programs may make files in `directory`.
fn check_maker(directory: &Inode, name: Option<&[u8]>, kind: NewKind<'_>) -> Result<(), FsError> {
    match directory.file_system().maker() {
        Maker::Program => Ok(()),
        Maker::Kernel => Err(new_inode::refusal(name.is_some(), kind)),
    }
}

/// Returns a new inode that belongs to the caller. In a directory with the set-group-ID bit, it
/// gets the directory's group; a new directory also gets the bit.
fn new_inode<'a>(
    caller: &Caller<'_>,
    directory: &Inode,
    kind: NewKind<'a>,
    mode: Mode,
) -> NewInode<'a> {
    let credentials = caller.credentials;
    let mut new = NewInode { kind, mode, uid: credentials.uid, gid: credentials.gid };
    if directory.mode().contains(Mode::SET_GID) {
        new.gid = directory.owner().1;
        if matches!(kind, NewKind::Directory) {
            new.mode |= Mode::SET_GID;
        } else if mode.contains(Mode::GROUP_EXECUTE)
            && !credentials.has(Capability::FileSetId)
            && !credentials.is_in_group(new.gid)
        {
            new.mode &= !Mode::SET_GID;
        }
    }
    new
}
