//! Storage of the contents of files: fsync(2), sync(2), fallocate(2), posix_fadvise(2).
//!
//! A file in memory is stored as soon as it is written, and needs no read from storage. Changes of a
//! file on a disk, or of a block device, are written back later, unless one of these calls demands it.

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::fs::attributes::FileKind;
use crate::fs::device_cache;
use crate::fs::file::open_file::{Allocate, OpenFile};

/// Returns whether its contents are pages, or entries of a directory.
fn is_stored(file: &OpenFile) -> bool {
    matches!(file.inode().kind(), FileKind::Regular | FileKind::Directory)
        && file.special().is_none()
}

pub(super) fn fsync(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    if file.special().is_none() && !is_stored(&file) {
        return Err(Errno::EINVAL.into());
    }
    file.sync()?;
    Ok(0)
}

pub(super) fn sync(_call: &mut Call<'_>) -> CallResult {
    // As on Linux, errors aren't reported: fsync(2) does that.
    let _ = device_cache::sync_all();
    Ok(0)
}

pub(super) fn syncfs(call: &mut Call<'_>) -> CallResult {
    call.file(0)?.path().mount().super_block().sync()?;
    Ok(0)
}

/// Checks the arguments 1 and 2, an offset in a file and a length.
fn check_range(call: &Call<'_>) -> Result<(), Failure> {
    let (offset, len) = (call.argument(1) as i64, call.argument(2) as i64);
    match offset.checked_add(len) {
        Some(end) if offset >= 0 && end >= offset => Ok(()),
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn sync_file_range(call: &mut Call<'_>) -> CallResult {
    const KNOWN: u32 = 7;
    let file = call.file(0)?;
    if call.argument_u32(3) & !KNOWN != 0 {
        return Err(Errno::EINVAL.into());
    }
    check_range(call)?;
    match file.inode().kind() {
        FileKind::Regular | FileKind::Directory | FileKind::BlockDevice | FileKind::Symlink => {
            file.write_back()?;
            Ok(0)
        }
        _ => Err(Errno::ESPIPE.into()),
    }
}

pub(super) fn fadvise64(call: &mut Call<'_>) -> CallResult {
    /// The largest advice, POSIX_FADV_NOREUSE.
    const ADVICE_MAX: u32 = 5;
    let file = call.file(0)?;
    if file.inode().kind() == FileKind::Fifo {
        return Err(Errno::ESPIPE.into());
    }
    if (call.argument(2) as i64) < 0 || call.argument_u32(3) > ADVICE_MAX {
        return Err(Errno::EINVAL.into());
    }
    Ok(0)
}

pub(super) fn readahead(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    if !file.flags().can_read() {
        return Err(Errno::EBADF.into());
    }
    match file.inode().kind() {
        FileKind::Regular if is_stored(&file) => Ok(0),
        FileKind::BlockDevice => Ok(0),
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn fallocate(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/linux/falloc.h.
    const KEEP_SIZE: u32 = 1;
    const PUNCH_HOLE: u32 = 2;
    const KNOWN: u32 = 0x7B;
    let file = call.file(0)?;
    let (offset, len) = (call.argument(2) as i64, call.argument(3) as i64);
    if offset < 0 || len <= 0 {
        return Err(Errno::EINVAL.into());
    }
    let mode = call.argument_u32(1);
    if mode & !KNOWN != 0 {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let how = match mode {
        0 => Ok(Allocate::Grow),
        KEEP_SIZE => Ok(Allocate::KeepSize),
        mode if mode == PUNCH_HOLE | KEEP_SIZE => Ok(Allocate::PunchHole),
        // A hole doesn't change the size, and files in memory don't support other modes.
        mode if mode & PUNCH_HOLE != 0 => return Err(Errno::EOPNOTSUPP.into()),
        _ => Err(Errno::EOPNOTSUPP),
    };
    if !file.flags().can_write() {
        return Err(Errno::EBADF.into());
    }
    if file.inode().is_directory() {
        return Err(Errno::EISDIR.into());
    }
    file.allocate(how?, offset as u64, len as u64)?;
    Ok(0)
}
