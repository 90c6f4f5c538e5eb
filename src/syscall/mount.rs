//! Mounting: mount(2), umount2(2).

use alloc::vec::Vec;

use capabilities::Capability;
use path_walk::LastLink;

use super::call::{Call, CallResult, Failure, read_string};
use super::errno::Errno;
use crate::fs::kinds;
use crate::fs::namespace::attach;
use crate::fs::namespace::mount::{MountFlags, Unmount};
use crate::fs::namespace::path::Path;

// Source: Linux, include/uapi/linux/mount.h.
const MS_REMOUNT: u64 = 32;
const MS_SILENT: u64 = 1 << 15;
/// Reading changes the time only if it is older than the change, or a day: as it always is.
const MS_RELATIME: u64 = 1 << 21;
/// The value of the upper half of the flags before Linux 2.4.
const MS_MAGIC: u64 = 0xC0ED_0000;
const MS_MAGIC_MASK: u64 = 0xFFFF_0000;

/// The longest options, in bytes: a page, as on Linux.
const OPTIONS_BYTES_MAX: usize = 4096;

/// Returns a string argument; an empty one for the null pointer.
fn optional_string(call: &Call<'_>, index: usize) -> Result<Option<Vec<u8>>, Failure> {
    match call.argument(index) {
        0 => Ok(None),
        address => read_string(address, OPTIONS_BYTES_MAX, Errno::EINVAL).map(Some),
    }
}

pub(super) fn mount(call: &mut Call<'_>) -> CallResult {
    let kind = optional_string(call, 2)?;
    let source = optional_string(call, 0)?;
    let options = optional_string(call, 4)?.unwrap_or_default();
    let point = call.place(1)?.find(LastLink::Follow)?;
    call.check_capability(Capability::SysAdmin)?;
    let mut flags = call.argument(3);
    if flags & MS_MAGIC_MASK == MS_MAGIC {
        flags &= !MS_MAGIC_MASK;
    }
    let restrictions = MountFlags::from_bits_truncate(flags as u32);
    let others = flags & !u64::from(restrictions.bits());
    if others & !(MS_REMOUNT | MS_SILENT | MS_RELATIME) != 0 {
        return Err(Errno::EINVAL.into());
    }
    if others & MS_REMOUNT != 0 {
        return remount(&point, restrictions, &options);
    }
    let kind = kind.ok_or(Errno::EINVAL)?;
    let kind = kinds::find(&kind).ok_or(Errno::ENODEV)?;
    let super_block = (kind.make)(&options)?;
    let source = source.as_deref().unwrap_or(b"none");
    attach::mount(super_block, &point, restrictions, source)?;
    Ok(0)
}

/// Sets the restrictions of a mount. Options of the file system stay unchanged.
fn remount(root: &Path, restrictions: MountFlags, options: &[u8]) -> CallResult {
    if !root.is_mount_root() || !options.is_empty() {
        return Err(Errno::EINVAL.into());
    }
    root.mount().set_flags(restrictions);
    Ok(0)
}

pub(super) fn umount2(call: &mut Call<'_>) -> CallResult {
    // Source: umount2(2). A mount that is in use isn't unmounted by force: no file system waits
    // for a server.
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
