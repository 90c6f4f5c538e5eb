//! Attributes of files: stat(2), access(2), chmod(2), chown(2), truncate(2), statfs(2).

use capabilities::{CapabilitySet, SecureBits};
use path_walk::LastLink;

use super::call::{Call, CallResult};
use super::errno::Errno;
use super::file;
use super::place::{AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_SYMLINK_NOFOLLOW, check_flags};
use crate::arch::time::clock;
use crate::fs::attributes::{FileKind, Metadata};
use crate::fs::credentials::{Access, Credentials};
use crate::fs::namespace::change;
use crate::fs::namespace::path::Path;
use crate::mm::user::page_table::PAGE_BYTES;
use crate::mm::user::pointer::UserPointer;

/// The size of a `struct stat`, in words of 8 bytes.
const STAT_WORDS: usize = 18;

/// Returns the bits of S_IFMT for a kind of file.
///
/// Source: inode(7).
pub(super) fn format_bits(kind: FileKind) -> u32 {
    match kind {
        FileKind::Fifo => 0o01_0000,
        FileKind::CharDevice => 0o02_0000,
        FileKind::Directory => 0o04_0000,
        FileKind::BlockDevice => 0o06_0000,
        FileKind::Regular => 0o10_0000,
        FileKind::Symlink => 0o12_0000,
        FileKind::Socket => 0o14_0000,
    }
}

/// Returns a time in seconds and nanoseconds.
pub(super) fn split_ns(ns: i64) -> [u64; 2] {
    const NS: i64 = clock::NS_PER_SECOND as i64;
    [ns.div_euclid(NS) as u64, ns.rem_euclid(NS) as u64]
}

/// Writes a `struct stat`.
///
/// Source: Linux, arch/x86/include/uapi/asm/stat.h.
fn write(to: UserPointer<[u64; STAT_WORDS]>, it: &Metadata) -> CallResult {
    let mode = format_bits(it.kind) | u32::from(it.mode.bits());
    let [accessed, accessed_ns] = split_ns(it.accessed_ns);
    let [modified, modified_ns] = split_ns(it.modified_ns);
    let [changed, changed_ns] = split_ns(it.changed_ns);
    to.write(&[
        it.device,
        it.inode,
        it.links.into(),
        u64::from(mode) | u64::from(it.uid) << 32,
        it.gid.into(),
        it.represents.encoded(),
        it.size_bytes,
        PAGE_BYTES,
        it.blocks,
        accessed,
        accessed_ns,
        modified,
        modified_ns,
        changed,
        changed_ns,
        0,
        0,
        0,
    ])?;
    Ok(0)
}

pub(super) fn stat(call: &mut Call<'_>) -> CallResult {
    let found = call.find(0, LastLink::Follow)?;
    write(call.pointer(1), &found.inode().metadata())
}

pub(super) fn lstat(call: &mut Call<'_>) -> CallResult {
    let found = call.find(0, LastLink::Keep)?;
    write(call.pointer(1), &found.inode().metadata())
}

pub(super) fn fstat(call: &mut Call<'_>) -> CallResult {
    write(call.pointer(1), &call.file_or_place(0)?.inode().metadata())
}

pub(super) fn newfstatat(call: &mut Call<'_>) -> CallResult {
    let flags = call.argument_u32(3);
    check_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)?;
    let found = call.find_at(0, 1, flags)?;
    write(call.pointer(2), &found.inode().metadata())
}

fn check_access(found: &Path, mode: u32, credentials: &Credentials) -> CallResult {
    let access = u16::try_from(mode).ok().and_then(Access::from_bits).ok_or(Errno::EINVAL)?;
    credentials.check(found.inode().permissions(), access)?;
    if access.contains(Access::WRITE) {
        let is_stored = matches!(found.inode().kind(), FileKind::Regular | FileKind::Directory);
        if is_stored {
            found.mount().check_writable()?;
        }
    }
    Ok(0)
}

/// Returns the credentials of the real user, which access(2) uses.
fn real_credentials(call: &Call<'_>) -> Credentials {
    let identity = call.identity();
    let own = &identity.capabilities;
    // Unless NO_SETUID_FIXUP is set, the capabilities are those of the real user.
    let capabilities = match (own.secure_bits.contains(SecureBits::NO_SETUID_FIXUP), identity.uid) {
        (true, _) => own.effective,
        (false, 0) => own.permitted,
        (false, _) => CapabilitySet::EMPTY,
    };
    let groups = identity.credentials.groups.clone();
    Credentials { uid: identity.uid, gid: identity.gid, groups, capabilities }
}

pub(super) fn access(call: &mut Call<'_>) -> CallResult {
    let found = call.find(0, LastLink::Follow)?;
    check_access(&found, call.argument_u32(1), &real_credentials(call))
}

pub(super) fn faccessat(call: &mut Call<'_>) -> CallResult {
    let found = call.find_at(0, 1, 0)?;
    check_access(&found, call.argument_u32(2), &real_credentials(call))
}

pub(super) fn faccessat2(call: &mut Call<'_>) -> CallResult {
    const AT_EACCESS: u32 = 0x200;
    let flags = call.argument_u32(3);
    check_flags(flags, AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let found = call.find_at(0, 1, flags)?;
    let credentials = match flags & AT_EACCESS {
        0 => real_credentials(call),
        _ => call.identity().credentials.clone(),
    };
    check_access(&found, call.argument_u32(2), &credentials)
}

pub(super) fn chmod(call: &mut Call<'_>) -> CallResult {
    let place = call.place(0)?;
    change::set_mode(&place.caller(), &place.find(LastLink::Follow)?, call.mode(1))?;
    Ok(0)
}

pub(super) fn fchmodat(call: &mut Call<'_>) -> CallResult {
    let place = call.place_at(Some(0), 1)?;
    let found = place.find_with(0)?;
    change::set_mode(&place.caller(), &found, call.mode(2))?;
    Ok(0)
}

/// Calls `action` with the context in which the process looks up paths.
pub(super) fn with_caller<R>(
    call: &Call<'_>,
    action: impl FnOnce(&crate::fs::namespace::lookup::Caller<'_>) -> R,
) -> R {
    let (surroundings, identity) = (call.process().surroundings(), call.identity());
    action(&crate::process::exec::caller_of(&surroundings, &identity))
}

pub(super) fn fchmod(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    let mode = call.mode(1);
    with_caller(call, |caller| change::set_mode(caller, file.path(), mode))?;
    Ok(0)
}

fn change_owner(call: &Call<'_>, path: usize, first: usize, last_link: LastLink) -> CallResult {
    let place = call.place(path)?;
    let found = place.find(last_link)?;
    let (uid, gid) = (call.id_or_none(first), call.id_or_none(first + 1));
    change::set_owner(&place.caller(), &found, uid, gid)?;
    Ok(0)
}

pub(super) fn chown(call: &mut Call<'_>) -> CallResult {
    change_owner(call, 0, 1, LastLink::Follow)
}

pub(super) fn lchown(call: &mut Call<'_>) -> CallResult {
    change_owner(call, 0, 1, LastLink::Keep)
}

pub(super) fn fchown(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    let (uid, gid) = (call.id_or_none(1), call.id_or_none(2));
    with_caller(call, |caller| change::set_owner(caller, file.path(), uid, gid))?;
    Ok(0)
}

pub(super) fn fchownat(call: &mut Call<'_>) -> CallResult {
    let flags = call.argument_u32(4);
    check_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let place = call.place_at(Some(0), 1)?;
    let found = place.find_with(flags)?;
    let (uid, gid) = (call.id_or_none(2), call.id_or_none(3));
    change::set_owner(&place.caller(), &found, uid, gid)?;
    Ok(0)
}

pub(super) fn truncate(call: &mut Call<'_>) -> CallResult {
    let size_bytes = file::offset(call.argument(1))?;
    let place = call.place(0)?;
    let found = place.find(LastLink::Follow)?;
    change::set_size(&place.caller(), &found, size_bytes)?;
    Ok(0)
}

pub(super) fn ftruncate(call: &mut Call<'_>) -> CallResult {
    call.file(0)?.set_size(file::offset(call.argument(1))?)?;
    Ok(0)
}

/// Writes a `struct statfs`.
///
/// Source: statfs(2).
fn write_usage(to: UserPointer<[u64; 15]>, found: &Path) -> CallResult {
    let usage = found.mount().super_block().usage();
    let (blocks, free) = (usage.blocks, usage.free_blocks);
    let mut words = [0; 15];
    words[..12].copy_from_slice(&[
        usage.magic,
        usage.block_bytes,
        blocks,
        free,
        usage.available_blocks,
        usage.inodes,
        usage.free_inodes,
        0,
        usage.name_max_bytes,
        usage.block_bytes,
        found.mount().all_flags().bits().into(),
        0,
    ]);
    to.write(&words)?;
    Ok(0)
}

pub(super) fn statfs(call: &mut Call<'_>) -> CallResult {
    let found = call.find(0, LastLink::Follow)?;
    write_usage(call.pointer(1), &found)
}

pub(super) fn fstatfs(call: &mut Call<'_>) -> CallResult {
    write_usage(call.pointer(1), call.file_or_place(0)?.path())
}

/// Returns the kind of file for the bits of S_IFMT; no bits mean a regular file.
pub(super) fn kind_of(bits: u32) -> Option<FileKind> {
    const FORMAT: u32 = 0o17_0000;
    let kinds = [
        FileKind::Fifo,
        FileKind::CharDevice,
        FileKind::Directory,
        FileKind::BlockDevice,
        FileKind::Regular,
        FileKind::Symlink,
        FileKind::Socket,
    ];
    match bits & FORMAT {
        0 => Some(FileKind::Regular),
        format => kinds.into_iter().find(|kind| format_bits(*kind) == format),
    }
}
