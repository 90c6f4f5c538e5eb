//! The attributes of files in an extensible structure: statx(2).

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::place::{AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_SYMLINK_NOFOLLOW, check_flags};
use super::stat::{format_bits, split_ns};
use crate::fs::attributes::{DeviceNumber, Metadata};
use crate::fs::namespace::path::Path;
use crate::mm::user::page_table::PAGE_BYTES;
use crate::mm::user::pointer::UserPointer;

/// The size of a `struct statx`, in words of 8 bytes.
const WORDS: usize = 32;

// Source: Linux, include/uapi/linux/stat.h and include/uapi/linux/fcntl.h.
const BASIC_STATS: u64 = 0x7FF;
const RESERVED: u32 = 0x8000_0000;
const ATTR_MOUNT_ROOT: u64 = 0x2000;
const AT_STATX_SYNC_TYPE: u32 = 0x6000;

/// Returns two values of 32 bits as a word.
fn pair(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

fn device(number: DeviceNumber) -> u64 {
    pair(number.major, number.minor)
}

/// Writes a `struct statx`.
fn write(to: UserPointer<[u64; WORDS]>, found: &Path, it: &Metadata) -> Result<(), Failure> {
    let mode = format_bits(it.kind) | u32::from(it.mode.bits());
    let [accessed, accessed_ns] = split_ns(it.accessed_ns);
    let [modified, modified_ns] = split_ns(it.modified_ns);
    let [changed, changed_ns] = split_ns(it.changed_ns);
    let attributes = if found.is_mount_root() { ATTR_MOUNT_ROOT } else { 0 };
    let mut words = [0; WORDS];
    words[..18].copy_from_slice(&[
        BASIC_STATS | PAGE_BYTES << 32,
        attributes,
        pair(it.links, it.uid),
        pair(it.gid, mode),
        it.inode,
        it.size_bytes,
        it.blocks,
        ATTR_MOUNT_ROOT,
        accessed,
        accessed_ns,
        // The time of the creation isn't stored.
        0,
        0,
        changed,
        changed_ns,
        modified,
        modified_ns,
        device(it.represents),
        device(DeviceNumber::from_encoded(it.device)),
    ]);
    Ok(to.write(&words)?)
}

pub(super) fn statx(call: &mut Call<'_>) -> CallResult {
    let (flags, mask) = (call.argument_u32(2), call.argument_u32(3));
    if mask & RESERVED != 0 || flags & AT_STATX_SYNC_TYPE == AT_STATX_SYNC_TYPE {
        return Err(Errno::EINVAL.into());
    }
    let known = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE;
    check_flags(flags, known)?;
    let found = call.find_at(0, 1, flags)?;
    write(call.pointer(4), &found, &found.inode().metadata())?;
    Ok(0)
}
