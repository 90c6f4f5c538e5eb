//! Names in directories: mkdir(2), unlink(2), rename(2), link(2), symlink(2), readlink(2),
//! getdents64(2), chdir(2), getcwd(2).

use alloc::vec::Vec;

use capabilities::Capability;
use path_walk::LastLink;
use zerocopy::IntoBytes;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::place::{AT_EMPTY_PATH, Place, check_flags};
use super::stat;
use crate::fs::attributes::{DeviceNumber, FileKind, Mode};
use crate::fs::credentials::Access;
use crate::fs::directory_entry::DirectoryEntry;
use crate::fs::file::open_file::Whence;
use crate::fs::namespace::lookup::read_link;
use crate::fs::namespace::path::Path;
use crate::fs::namespace::rename::{self, Target};
use crate::fs::namespace::{create, remove};
use crate::fs::new_inode::NewKind;
use crate::mm::user::pointer;

fn make_directory(place: &Place, mode: Mode) -> CallResult {
    create::make_directory(&place.caller(), &place.path, mode)?;
    Ok(0)
}

pub(super) fn mkdir(call: &mut Call<'_>) -> CallResult {
    make_directory(&call.place(0)?, call.mode(1))
}

pub(super) fn mkdirat(call: &mut Call<'_>) -> CallResult {
    make_directory(&call.place_at(Some(0), 1)?, call.mode(2))
}

/// Makes a file whose kind and mode are in the argument `mode`, and the device number in the next
/// one.
fn make_node(call: &Call<'_>, place: &Place, mode: usize) -> CallResult {
    let device = DeviceNumber::from_encoded(call.argument(mode + 1));
    let kind = match stat::kind_of(call.argument_u32(mode)).ok_or(Errno::EINVAL)? {
        FileKind::Regular => NewKind::Regular,
        FileKind::Fifo => NewKind::Fifo,
        FileKind::Socket => NewKind::Socket,
        FileKind::CharDevice => NewKind::CharDevice(device),
        FileKind::BlockDevice => NewKind::BlockDevice(device),
        FileKind::Directory => return Err(Errno::EPERM.into()),
        FileKind::Symlink => return Err(Errno::EINVAL.into()),
    };
    create::make_node(&place.caller(), &place.path, kind, call.mode(mode))?;
    Ok(0)
}

pub(super) fn mknod(call: &mut Call<'_>) -> CallResult {
    make_node(call, &call.place(0)?, 1)
}

pub(super) fn mknodat(call: &mut Call<'_>) -> CallResult {
    make_node(call, &call.place_at(Some(0), 1)?, 2)
}

pub(super) fn unlink(call: &mut Call<'_>) -> CallResult {
    let place = call.place(0)?;
    remove::remove_file(&place.caller(), &place.path)?;
    Ok(0)
}

pub(super) fn rmdir(call: &mut Call<'_>) -> CallResult {
    let place = call.place(0)?;
    remove::remove_directory(&place.caller(), &place.path)?;
    Ok(0)
}

pub(super) fn unlinkat(call: &mut Call<'_>) -> CallResult {
    const AT_REMOVEDIR: u32 = 0x200;
    let place = call.place_at(Some(0), 1)?;
    match call.argument_u32(2) {
        0 => remove::remove_file(&place.caller(), &place.path)?,
        AT_REMOVEDIR => remove::remove_directory(&place.caller(), &place.path)?,
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(0)
}

fn move_name(from: &Place, to: &Place, target: Target) -> CallResult {
    rename::rename(&from.caller(), &from.path, &to.caller(), &to.path, target)?;
    Ok(0)
}

pub(super) fn rename(call: &mut Call<'_>) -> CallResult {
    move_name(&call.place(0)?, &call.place(1)?, Target::Replace)
}

pub(super) fn renameat(call: &mut Call<'_>) -> CallResult {
    move_name(&call.place_at(Some(0), 1)?, &call.place_at(Some(2), 3)?, Target::Replace)
}

pub(super) fn renameat2(call: &mut Call<'_>) -> CallResult {
    let target = match call.argument_u32(4) {
        0 => Target::Replace,
        1 => Target::Keep,
        2 => Target::Exchange,
        _ => return Err(Errno::EINVAL.into()),
    };
    move_name(&call.place_at(Some(0), 1)?, &call.place_at(Some(2), 3)?, target)
}

fn add_link(from: &Place, to: &Place, last_link: LastLink) -> CallResult {
    create::make_link(&from.caller(), &from.path, last_link, &to.caller(), &to.path)?;
    Ok(0)
}

pub(super) fn link(call: &mut Call<'_>) -> CallResult {
    add_link(&call.place(0)?, &call.place(1)?, LastLink::Keep)
}

pub(super) fn linkat(call: &mut Call<'_>) -> CallResult {
    const AT_SYMLINK_FOLLOW: u32 = 0x400;
    let flags = call.argument_u32(4);
    check_flags(flags, AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)?;
    let from = call.place_at(Some(0), 1)?;
    let to = call.place_at(Some(2), 3)?;
    if flags & AT_EMPTY_PATH != 0 {
        // As on Linux, only a process with this capability makes names of arbitrary descriptors.
        if !call.has(Capability::DacReadSearch) {
            return Err(Errno::ENOENT.into());
        }
        if from.path.is_empty() {
            let found = call.find_at(0, 1, AT_EMPTY_PATH)?;
            create::link_path(&found, &to.caller(), &to.path)?;
            return Ok(0);
        }
    }
    let last_link = match flags & AT_SYMLINK_FOLLOW {
        0 => LastLink::Keep,
        _ => LastLink::Follow,
    };
    add_link(&from, &to, last_link)
}

fn add_symlink(text: &[u8], place: &Place) -> CallResult {
    create::make_symlink(&place.caller(), text, &place.path)?;
    Ok(0)
}

pub(super) fn symlink(call: &mut Call<'_>) -> CallResult {
    add_symlink(&call.path(0)?, &call.place(1)?)
}

pub(super) fn symlinkat(call: &mut Call<'_>) -> CallResult {
    add_symlink(&call.path(0)?, &call.place_at(Some(1), 2)?)
}

fn write_link(call: &Call<'_>, found: &Path, address: u64, len_bytes: u64) -> CallResult {
    if len_bytes == 0 || len_bytes > i32::MAX as u64 {
        return Err(Errno::EINVAL.into());
    }
    let root = call.process().surroundings().root;
    let text = read_link(found, &root, <[u8]>::to_vec)?;
    let len = text.len().min(len_bytes as usize);
    pointer::write_bytes(address, &text[..len])?;
    Ok(len as u64)
}

pub(super) fn readlink(call: &mut Call<'_>) -> CallResult {
    let found = call.find(0, LastLink::Keep)?;
    write_link(call, &found, call.argument(1), call.argument(2))
}

pub(super) fn readlinkat(call: &mut Call<'_>) -> CallResult {
    let found =
        call.find_at(0, 1, super::place::AT_SYMLINK_NOFOLLOW | super::place::AT_EMPTY_PATH)?;
    write_link(call, &found, call.argument(2), call.argument(3))
}

/// Returns the type of an entry, as in readdir(3).
fn entry_type(kind: FileKind) -> u8 {
    match kind {
        FileKind::Fifo => 1,
        FileKind::CharDevice => 2,
        FileKind::Directory => 4,
        FileKind::BlockDevice => 6,
        FileKind::Regular => 8,
        FileKind::Symlink => 10,
        FileKind::Socket => 12,
    }
}

/// The number of bytes of entries that are collected before they are copied to the program.
const ENTRIES_BYTES: usize = 32 << 10;

/// The layout of directory entries for a program: words of 8 bytes, of which the first ones are the
/// inode's number and the cursor of the next entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EntryLayout {
    /// `struct linux_dirent`: the length, the name, the zero byte, and in the last byte the type.
    Old,
    /// `struct linux_dirent64`: the length, the type, the name, and the zero byte.
    New,
}

impl EntryLayout {
    /// Returns the number of words of an entry.
    #[inline]
    fn len_words(self, name: &[u8]) -> usize {
        // The inode's number, the cursor, the length, the type, and the zero byte after the name
        // take 20 bytes. The sum is rounded up.
        3 + (name.len() + 3) / 8
    }

    /// Adds an entry of `len_words` to `words`, which has room for it.
    #[inline]
    fn push(self, words: &mut Vec<u64>, entry: &DirectoryEntry<'_>, len_words: usize) {
        let (len_bytes, kind) = (len_words as u64 * 8, u64::from(entry_type(entry.kind)));
        let (before_name, len_before) = match self {
            Self::Old => (len_bytes, 2),
            Self::New => (len_bytes | kind << 16, 3),
        };
        let third = before_name | word_at(entry.name, 0) << (8 * len_before);
        words.extend_from_slice(&[entry.inode, entry.next, third]);
        let mut start = 8 - len_before;
        for _ in 3..len_words {
            words.push(word_at(entry.name, start));
            start += 8;
        }
        if self == Self::Old
            && let Some(last) = words.last_mut()
        {
            *last |= kind << 56;
        }
    }
}

/// Returns the 8 bytes of `name` from `start` on as a word; after its end there are zeros.
#[inline]
fn word_at(name: &[u8], start: usize) -> u64 {
    let rest = name.get(start..).unwrap_or_default();
    match (rest.first_chunk(), name.last_chunk()) {
        (Some(word), _) => u64::from_le_bytes(*word),
        (None, Some(last)) => {
            // At least one byte is missing.
            u64::from_le_bytes(*last) >> 8 >> (8 * (7 - rest.len()))
        }
        (None, None) => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

fn read_entries(call: &Call<'_>, layout: EntryLayout) -> CallResult {
    let file = call.file(0)?;
    let room = (call.argument_u32(2) as usize).min(ENTRIES_BYTES) / 8;
    let mut words = Vec::new();
    words.try_reserve_exact(room).map_err(|_| Errno::ENOMEM)?;
    let mut is_too_small = false;
    let start = file.position();
    file.read_directory(|entry| {
        let len_words = layout.len_words(entry.name);
        if words.len() + len_words > room {
            is_too_small = words.is_empty();
            return false;
        }
        layout.push(&mut words, &entry, len_words);
        true
    })?;
    if is_too_small {
        return Err(Errno::EINVAL.into());
    }
    if pointer::write_bytes(call.argument(1), words.as_bytes()).is_err() {
        // The program hasn't received these entries, so the next call returns them again.
        file.seek(start as i64, Whence::Start)?;
        return Err(Errno::EFAULT.into());
    }
    Ok(words.as_bytes().len() as u64)
}

pub(super) fn getdents(call: &mut Call<'_>) -> CallResult {
    read_entries(call, EntryLayout::Old)
}

pub(super) fn getdents64(call: &mut Call<'_>) -> CallResult {
    read_entries(call, EntryLayout::New)
}

fn enter(call: &Call<'_>, found: Path) -> CallResult {
    if !found.inode().is_directory() {
        return Err(Errno::ENOTDIR.into());
    }
    let credentials = &call.identity().credentials;
    credentials.check(found.inode().permissions(), Access::EXECUTE)?;
    call.process().change_surroundings(|surroundings| surroundings.directory = found);
    Ok(0)
}

pub(super) fn chdir(call: &mut Call<'_>) -> CallResult {
    let found = call.find(0, LastLink::Follow)?;
    enter(call, found)
}

pub(super) fn fchdir(call: &mut Call<'_>) -> CallResult {
    enter(call, call.file_or_place(0)?.path().clone())
}

pub(super) fn getcwd(call: &mut Call<'_>) -> CallResult {
    let surroundings = call.process().surroundings();
    let text = surroundings.directory.text(&surroundings.root)?;
    let mut text = match text {
        Some(text) if !surroundings.directory.is_removed() => text,
        _ => return Err(Errno::ENOENT.into()),
    };
    text.push(0);
    if text.len() as u64 > call.argument(1) {
        return Err(Errno::ERANGE.into());
    }
    pointer::write_bytes(call.argument(0), &text)?;
    Ok(text.len() as u64)
}

pub(super) fn umask(call: &mut Call<'_>) -> CallResult {
    let mask = (call.argument_u32(0) & 0o777) as u16;
    let before = call.process().surroundings().mask;
    call.process().change_surroundings(|surroundings| surroundings.mask = mask);
    Ok(before.into())
}

pub(super) fn chroot(call: &mut Call<'_>) -> CallResult {
    call.check_capability(Capability::SysChroot)?;
    let found = call.find(0, LastLink::Follow)?;
    if !found.inode().is_directory() {
        return Err(Failure::from(Errno::ENOTDIR));
    }
    call.process().change_surroundings(|surroundings| surroundings.root = found);
    Ok(0)
}
