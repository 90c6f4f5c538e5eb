//! Moving names.

use alloc::sync::Arc;

use super::dentry_cache;
use super::lookup::{self, Caller, NameAt};
use crate::fs::credentials::Access;
use crate::fs::directory_entry::RenameKind;
use crate::fs::error::FsError;
use crate::fs::file_system::Names;
use crate::fs::inode::Inode;
use crate::fs::name::Name;
use crate::sync::{Mutex, Rank};

/// The action if the target exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The target is replaced.
    Replace,
    /// The rename fails.
    Keep,
    /// Both names are exchanged; the target has to exist.
    Exchange,
}

/// Held by a rename between two directories, so that no directory becomes its own descendant.
static RENAMES: Mutex<()> = Mutex::new(Rank::Renames, ());

/// Moves the name `from` to `to`.
///
/// # Errors
/// [`FsError::CrossesMount`]; [`FsError::InvalidArgument`] if `to` is below `from`;
/// [`FsError::NotEmpty`], [`FsError::IsADirectory`] or [`FsError::NotADirectory`] for the file at
/// `to`; [`FsError::Exists`] if the target is kept; [`FsError::Busy`]; errors of permissions and
/// walks.
pub fn rename(
    from_caller: &Caller<'_>,
    from: &[u8],
    to_caller: &Caller<'_>,
    to: &[u8],
    target: Target,
) -> Result<(), FsError> {
    let from = NameAt::find(from_caller, from)?;
    let to = NameAt::find(to_caller, to)?;
    if !Arc::ptr_eq(from.directory.mount(), to.directory.mount()) {
        return Err(FsError::CrossesMount);
    }
    let from_name = from.name(FsError::Busy)?;
    let to_name = match target {
        Target::Keep => to.name(FsError::Exists)?,
        _ => to.name(FsError::Busy)?,
    };
    from.directory.mount().check_writable()?;
    let (from_dentry, to_dentry) = (from.directory.dentry(), to.directory.dentry());
    let (from_inode, to_inode) = (from.directory.inode(), to.directory.inode());

    let is_one_directory = Arc::ptr_eq(from_inode, to_inode);
    let _renames = (!is_one_directory).then(|| RENAMES.lock());
    // Locks a directory before those below it, unrelated ones in the order of their addresses.
    let is_from_first = is_one_directory
        || from_dentry.is_at_or_above(to_dentry)
        || !to_dentry.is_at_or_above(from_dentry)
            && Arc::as_ptr(from_inode) < Arc::as_ptr(to_inode);
    let (first, second) =
        if is_from_first { (from_inode, to_inode) } else { (to_inode, from_inode) };
    let first_lock = first.lock().write();
    let second_lock = (!is_one_directory).then(|| second.lock().write_as(Rank::SecondInode));

    let moved = lookup::look_up_locked(from_dentry, from_name)?;
    let moved_inode = moved.inode().ok_or(FsError::NotFound)?;
    let replaced = lookup::look_up_locked(to_dentry, to_name)?;
    let replaced_inode = replaced.inode();
    match (target, replaced_inode) {
        (Target::Keep, Some(_)) => return Err(FsError::Exists),
        (Target::Exchange, None) => return Err(FsError::NotFound),
        _ => {}
    }
    if from.has_slash && !moved_inode.is_directory() {
        return Err(FsError::NotADirectory);
    }
    let becomes_directory = match (target, replaced_inode) {
        (Target::Exchange, Some(inode)) => inode.is_directory(),
        _ => true,
    };
    if to.has_slash && !(moved_inode.is_directory() && becomes_directory) {
        return Err(FsError::NotADirectory);
    }
    if !is_one_directory && moved.is_at_or_above(to_dentry) {
        return Err(FsError::InvalidArgument);
    }
    if !is_one_directory && replaced_inode.is_some() && replaced.is_at_or_above(from_dentry) {
        return Err(match target {
            Target::Exchange => FsError::InvalidArgument,
            _ => FsError::NotEmpty,
        });
    }
    from_caller.credentials.check_removal(from_inode.permissions(), moved_inode.permissions())?;
    match replaced_inode {
        Some(inode) => {
            to_caller.credentials.check_removal(to_inode.permissions(), inode.permissions())?;
        }
        None => {
            let access = Access::WRITE | Access::EXECUTE;
            to_caller.credentials.check(to_inode.permissions(), access)?;
        }
    }
    if !replaced_inode.is_some_and(|inode| Arc::ptr_eq(inode, moved_inode)) {
        from_inode.file_system().check_names_change()?;
    }
    // The `..` of a moved directory changes.
    let changes_parent = |inode: &Inode| inode.is_directory() && !is_one_directory;
    if changes_parent(moved_inode) {
        from_caller.credentials.check(moved_inode.permissions(), Access::WRITE)?;
    }
    if let (Target::Exchange, Some(inode)) = (target, replaced_inode)
        && changes_parent(inode)
    {
        to_caller.credentials.check(inode.permissions(), Access::WRITE)?;
    }
    if replaced_inode.is_some_and(|inode| Arc::ptr_eq(inode, moved_inode)) {
        // Both are names of one file.
        return Ok(());
    }
    if let (Some(inode), Target::Replace) = (replaced_inode, target) {
        match (moved_inode.is_directory(), inode.is_directory()) {
            (true, false) => return Err(FsError::NotADirectory),
            (false, true) => return Err(FsError::IsADirectory),
            _ => {}
        }
    }
    if moved.is_mount_point() || replaced.is_mount_point() {
        return Err(FsError::Busy);
    }
    let kind = match target {
        Target::Exchange => RenameKind::Exchange,
        Target::Replace | Target::Keep => RenameKind::Replace,
    };
    // All steps that can fail come first.
    let twice =
        |name| -> Result<[Name; 2], FsError> { Ok([Name::try_new(name)?, Name::try_new(name)?]) };
    let (from_names, to_names) = (twice(from_name)?, twice(to_name)?);
    {
        let replaced_directory = replaced_inode.filter(|inode| inode.is_directory());
        let _third_lock = replaced_directory.map(|inode| inode.lock().write_as(Rank::ThirdInode));
        from_inode.ops().rename(
            (from_inode, from_name, moved_inode),
            (to_inode, to_name, replaced_inode.map(|inode| &**inode)),
            kind,
        )?;
        if kind == RenameKind::Replace && replaced_inode.is_some() {
            replaced.set_removed();
        }
    }
    dentry_cache::remove(from_dentry, from_name);
    dentry_cache::remove(to_dentry, to_name);
    if from_inode.file_system().names() == Names::Kept {
        let [name, key] = to_names;
        dentry_cache::move_to(&moved, to_dentry, name, key);
        if kind == RenameKind::Exchange {
            let [name, key] = from_names;
            dentry_cache::move_to(&replaced, from_dentry, name, key);
        }
    }
    drop((second_lock, first_lock));
    if kind == RenameKind::Replace {
        dentry_cache::drop_children(&replaced);
    }
    Ok(())
}
