//! Extended attributes: setxattr(2), getxattr(2), listxattr(2), removexattr(2).
//!
//! No file system here has any. So lists are empty, and after all other checks a read or a change
//! returns EOPNOTSUPP, by which programs detect this. Source: xattr(7).

use alloc::vec::Vec;

use capabilities::Capability;
use path_walk::LastLink;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::user_string::read_string;
use crate::fs::attributes::{FileKind, Mode};
use crate::fs::credentials::Access;
use crate::fs::namespace::path::Path;
use crate::mm::user::pointer;

/// The longest name, in bytes, with the zero byte that ends it.
const NAME_BYTES: usize = 256;

/// The largest value, in bytes.
const VALUE_BYTES_MAX: u64 = 0x1_0000;

/// Returns an argument that is the name of an attribute.
///
/// # Errors
/// ERANGE if it is too long or empty; EFAULT, ENOMEM.
fn name(call: &Call<'_>, index: usize) -> Result<Vec<u8>, Failure> {
    let name = read_string(call.argument(index), NAME_BYTES, Errno::ERANGE)?;
    if name.is_empty() { Err(Errno::ERANGE.into()) } else { Ok(name) }
}

/// Checks that the process may read (`Access::READ`) or change the attribute `name` of a file.
///
/// # Errors
/// EPERM for a change and ENODATA for a read, if the file or the process can't have attributes of
/// this kind; EACCES.
fn check_permission(
    call: &Call<'_>,
    path: &Path,
    name: &[u8],
    access: Access,
) -> Result<(), Failure> {
    let is_change = access.contains(Access::WRITE);
    let refused = if is_change { Errno::EPERM } else { Errno::ENODATA };
    if name.starts_with(b"security.") {
        return match is_change && !call.has(Capability::SysAdmin) {
            true => Err(refused.into()),
            false => Ok(()),
        };
    }
    if name.starts_with(b"system.") {
        return Ok(());
    }
    if name.starts_with(b"trusted.") {
        return if call.has(Capability::SysAdmin) { Ok(()) } else { Err(refused.into()) };
    }
    let identity = call.process().identity();
    let credentials = &identity.credentials;
    let permissions = path.inode().permissions();
    if name.starts_with(b"user.") {
        match permissions.kind {
            FileKind::Regular => {}
            FileKind::Directory => {
                let is_sticky = permissions.mode.contains(Mode::STICKY);
                if is_change && is_sticky && !credentials.is_owner(permissions) {
                    return Err(refused.into());
                }
            }
            _ => return Err(refused.into()),
        }
    }
    Ok(credentials.check(permissions, access)?)
}

fn set(call: &Call<'_>, path: &Path) -> CallResult {
    // XATTR_CREATE and XATTR_REPLACE.
    const KNOWN: u32 = 1 | 2;
    path.mount().check_writable()?;
    if call.argument_u32(4) & !KNOWN != 0 {
        return Err(Errno::EINVAL.into());
    }
    let name = name(call, 1)?;
    let len_bytes = call.argument(3);
    if len_bytes > VALUE_BYTES_MAX {
        return Err(Errno::E2BIG.into());
    }
    let mut value = Vec::new();
    value.try_reserve_exact(len_bytes as usize).map_err(|_| Errno::ENOMEM)?;
    value.resize(len_bytes as usize, 0_u8);
    pointer::read_bytes(call.argument(2), &mut value)?;
    check_permission(call, path, &name, Access::WRITE)?;
    Err(Errno::EOPNOTSUPP.into())
}

fn get(call: &Call<'_>, path: &Path) -> CallResult {
    check_permission(call, path, &name(call, 1)?, Access::READ)?;
    Err(Errno::EOPNOTSUPP.into())
}

fn remove(call: &Call<'_>, path: &Path) -> CallResult {
    path.mount().check_writable()?;
    check_permission(call, path, &name(call, 1)?, Access::WRITE)?;
    Err(Errno::EOPNOTSUPP.into())
}

/// Returns the file whose path is the first argument.
fn find(call: &Call<'_>, last_link: LastLink) -> Result<Path, Failure> {
    call.place(0)?.find(last_link)
}

pub(super) fn setxattr(call: &mut Call<'_>) -> CallResult {
    set(call, &find(call, LastLink::Follow)?)
}

pub(super) fn lsetxattr(call: &mut Call<'_>) -> CallResult {
    set(call, &find(call, LastLink::Keep)?)
}

pub(super) fn fsetxattr(call: &mut Call<'_>) -> CallResult {
    set(call, call.file(0)?.path())
}

pub(super) fn getxattr(call: &mut Call<'_>) -> CallResult {
    get(call, &find(call, LastLink::Follow)?)
}

pub(super) fn lgetxattr(call: &mut Call<'_>) -> CallResult {
    get(call, &find(call, LastLink::Keep)?)
}

pub(super) fn fgetxattr(call: &mut Call<'_>) -> CallResult {
    get(call, call.file(0)?.path())
}

pub(super) fn listxattr(call: &mut Call<'_>) -> CallResult {
    find(call, LastLink::Follow).map(|_| 0)
}

pub(super) fn llistxattr(call: &mut Call<'_>) -> CallResult {
    find(call, LastLink::Keep).map(|_| 0)
}

pub(super) fn flistxattr(call: &mut Call<'_>) -> CallResult {
    call.file(0).map(|_| 0)
}

pub(super) fn removexattr(call: &mut Call<'_>) -> CallResult {
    remove(call, &find(call, LastLink::Follow)?)
}

pub(super) fn lremovexattr(call: &mut Call<'_>) -> CallResult {
    remove(call, &find(call, LastLink::Keep)?)
}

pub(super) fn fremovexattr(call: &mut Call<'_>) -> CallResult {
    remove(call, call.file(0)?.path())
}
