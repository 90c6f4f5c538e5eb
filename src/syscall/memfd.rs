//! Files in memory without a name in a directory, and seals: memfd_create(2), fcntl(2).

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::file;
use super::user_string::read_string;
use crate::fs::attributes::FileKind;
use crate::fs::file::memfd::{self, Sealable};
use crate::fs::file::open_file::OpenFile;
use crate::fs::seals::{Sealing, Seals};
use crate::process::descriptors::{Descriptor, OnExec};

/// The longest name, in bytes, with the zero byte that ends it.
const NAME_BYTES: usize = 250;

pub(super) fn memfd_create(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/linux/memfd.h.
    const CLOEXEC: u32 = 1;
    const ALLOW_SEALING: u32 = 2;
    let flags = call.argument_u32(1);
    if flags & !(CLOEXEC | ALLOW_SEALING) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let name = read_string(call.argument(0), NAME_BYTES, Errno::EINVAL)?;
    let on_exec = match flags & CLOEXEC {
        0 => OnExec::Keep,
        _ => OnExec::Close,
    };
    let sealable = match flags & ALLOW_SEALING {
        0 => Sealable::No,
        _ => Sealable::Yes,
    };
    let identity = call.identity();
    let owner = (identity.credentials.uid, identity.credentials.gid);
    let descriptor = Descriptor { file: memfd::open(&name, owner, sealable)?, on_exec };
    Ok(file::place(call, descriptor, 0)?.into())
}

/// Returns the seals of a file that can have some.
fn sealing_of(file: &OpenFile) -> Result<&Sealing, Failure> {
    match file.inode().kind() {
        FileKind::Regular if file.special().is_none() => Ok(file.inode().sealing()),
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn get_seals(file: &OpenFile) -> CallResult {
    Ok(sealing_of(file)?.seals().bits().into())
}

pub(super) fn add_seals(call: &Call<'_>, file: &OpenFile) -> CallResult {
    if !file.flags().can_write() {
        return Err(Errno::EPERM.into());
    }
    let seals = Seals::from_bits(call.argument_u32(2)).ok_or(Errno::EINVAL)?;
    sealing_of(file)?;
    file.add_seals(seals)?;
    Ok(0)
}
