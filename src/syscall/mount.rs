//! Mounting: mount(2), umount2(2).

use alloc::vec::Vec;

use capabilities::Capability;
use path_walk::LastLink;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::user_string::read_string;
use crate::fs::attributes::{DeviceNumber, FileKind};
use crate::fs::kinds::{self, MountRequest, Source};
use crate::fs::namespace::attach::{self, Binds};
use crate::fs::namespace::mount::{MountFlags, Unmount};
use crate::fs::namespace::path::Path;
use crate::process::table;

// Source: Linux, include/uapi/linux/mount.h.
const MS_REMOUNT: u64 = 32;
const MS_BIND: u64 = 4096;
const MS_MOVE: u64 = 8192;
const MS_REC: u64 = 16_384;
const MS_SILENT: u64 = 1 << 15;
/// A read changes the access time only if that is older than the last change, or than a day; always
/// on.
const MS_RELATIME: u64 = 1 << 21;
/// Mounts that don't propagate their changes; always on.
const MS_PRIVATE: u64 = 1 << 18;
const MS_SLAVE: u64 = 1 << 19;
const MS_SHARED: u64 = 1 << 20;
const MS_UNBINDABLE: u64 = 1 << 17;
const PROPAGATION: u64 = MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_UNBINDABLE;
/// The value that the upper half of the flags had before Linux 2.4.
const MS_MAGIC: u64 = 0xC0ED_0000;
const MS_MAGIC_MASK: u64 = 0xFFFF_0000;

/// The largest options, in bytes: a page, as on Linux.
const OPTIONS_BYTES_MAX: usize = 4096;

/// Returns a string argument; `None` for the null pointer.
fn optional_string(call: &Call<'_>, index: usize) -> Result<Option<Vec<u8>>, Failure> {
    match call.argument(index) {
        0 => Ok(None),
        address => Ok(Some(read_string(address, OPTIONS_BYTES_MAX, Errno::EINVAL)?)),
    }
}

pub(super) fn mount(call: &mut Call<'_>) -> CallResult {
    let kind = optional_string(call, 2)?;
    let source = optional_string(call, 0)?;
    let options = optional_string(call, 4)?.unwrap_or_default();
    let point = call.find(1, LastLink::Follow)?;
    call.check_capability(Capability::SysAdmin)?;
    let mut flags = call.argument(3);
    if flags & MS_MAGIC_MASK == MS_MAGIC {
        flags &= !MS_MAGIC_MASK;
    }
    let restrictions = MountFlags::from_bits_truncate(flags as u32);
    let others = flags & !u64::from(restrictions.bits());
    const COMMANDS: u64 = MS_REMOUNT | MS_BIND | MS_MOVE | MS_REC | PROPAGATION;
    if others & !(COMMANDS | MS_SILENT | MS_RELATIME) != 0 {
        return Err(Errno::EINVAL.into());
    }
    if others & MS_REMOUNT != 0 {
        return remount(&point, restrictions, others & MS_BIND != 0, &options);
    }
    if others & MS_BIND != 0 {
        let binds = if others & MS_REC != 0 { Binds::WithMounts } else { Binds::Only };
        attach::bind(&source_path(call, source)?, &point, binds)?;
        return Ok(0);
    }
    if others & PROPAGATION != 0 {
        return make_private(&point, flags);
    }
    if others & MS_MOVE != 0 {
        attach::relocate(&source_path(call, source)?, &point)?;
        return Ok(0);
    }
    let kind = kind.ok_or(Errno::EINVAL)?;
    let kind = kinds::find(&kind).ok_or(Errno::ENODEV)?;
    let device = match kind.source {
        Source::Any => None,
        Source::Device => Some(source_device(call, source.clone())?),
    };
    let is_read_only = restrictions.contains(MountFlags::READ_ONLY);
    let super_block = (kind.make)(&MountRequest { device, is_read_only, options: &options })?;
    if is_read_only && kind.source == Source::Any {
        super_block.set_read_only(true)?;
    }
    let source = source.as_deref().unwrap_or(b"none");
    attach::mount(super_block, &point, restrictions, source)?;
    Ok(0)
}

/// Looks up the path of a tree that will be mounted elsewhere.
fn source_path(call: &Call<'_>, source: Option<Vec<u8>>) -> Result<Path, Failure> {
    match source {
        Some(source) if !source.is_empty() => call.place(0)?.find(LastLink::Follow),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Returns the number of the block device whose path is the source.
fn source_device(call: &Call<'_>, source: Option<Vec<u8>>) -> Result<DeviceNumber, Failure> {
    let path = source_path(call, source)?;
    if path.inode().kind() != FileKind::BlockDevice {
        return Err(Errno::ENOTBLK.into());
    }
    if path.mount().flags().contains(MountFlags::NO_DEV) {
        return Err(Errno::EACCES.into());
    }
    Ok(path.inode().represents())
}

/// Checks that no propagation of a mount's changes is requested, which is not supported.
fn make_private(root: &Path, flags: u64) -> CallResult {
    let kind = flags & !(MS_REC | MS_SILENT);
    match kind {
        MS_PRIVATE | MS_SLAVE if root.is_mount_root() => Ok(0),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Sets the restrictions of a mount and, unless `is_of_mount`, whether the file system is
/// read-only. Other options of the file system don't change.
fn remount(root: &Path, restrictions: MountFlags, is_of_mount: bool, options: &[u8]) -> CallResult {
    if !root.is_mount_root() || (!options.is_empty() && !is_of_mount) {
        return Err(Errno::EINVAL.into());
    }
    if !is_of_mount {
        let is_read_only = restrictions.contains(MountFlags::READ_ONLY);
        root.mount().super_block().set_read_only(is_read_only)?;
    }
    root.mount().set_flags(restrictions);
    Ok(0)
}

pub(super) fn pivot_root(call: &mut Call<'_>) -> CallResult {
    call.check_capability(Capability::SysAdmin)?;
    let new = call.find(0, LastLink::Follow)?;
    let old = call.find(1, LastLink::Follow)?;
    if !new.inode().is_directory() || !old.inode().is_directory() {
        return Err(Errno::ENOTDIR.into());
    }
    let root = call.process().surroundings().root;
    attach::pivot(&root, &new, &old)?;
    // As on Linux, each process that had the old root gets the new one.
    for process in table::all() {
        let own = process.surroundings();
        if own.root == root || own.directory == root {
            process.change_surroundings(|own| {
                for path in [&mut own.root, &mut own.directory] {
                    if *path == root {
                        *path = new.clone();
                    }
                }
            });
        }
    }
    Ok(0)
}

pub(super) fn umount2(call: &mut Call<'_>) -> CallResult {
    // Source: umount2(2). MNT_FORCE doesn't unmount a mount that is in use, because no file system
    // waits for a server.
    const MNT_FORCE: u64 = 1;
    const MNT_DETACH: u64 = 2;
    const UMOUNT_NOFOLLOW: u64 = 8;
    let flags = call.argument(1);
    if flags & !(MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let last_link = match flags & UMOUNT_NOFOLLOW {
        0 => LastLink::Follow,
        _ => LastLink::Keep,
    };
    let root = call.place(0)?.find(last_link)?;
    call.check_capability(Capability::SysAdmin)?;
    let how = if flags & MNT_DETACH == 0 { Unmount::Unused } else { Unmount::Lazy };
    attach::unmount(root, how)?;
    Ok(0)
}
