//! Reads and writes of files whose contents are pages.

use crate::fs::attributes::Touch;
use crate::fs::error::FsError;
use crate::fs::inode::Inode;
use crate::fs::io::{Sink, Source};
use crate::fs::namespace::change::{self, FILE_MAX_BYTES};
use crate::fs::page_cache::PAGE_BYTES;
use crate::fs::seals::Seals;
use crate::fs::size_limit;

/// The offset of a write.
#[derive(Clone, Copy, Debug)]
pub(super) enum WriteAt {
    /// At this offset, in bytes.
    Offset(u64),
    /// At the end.
    End,
}

/// Reads at `offset`. No lock is held while bytes are copied, so any number of threads can read at
/// the same time.
///
/// # Errors
/// [`FsError::BadAddress`] if none could be copied; [`FsError::NoMemory`].
#[inline]
pub fn read(inode: &Inode, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
    let left = inode.size_bytes().saturating_sub(offset);
    let len = (to.room() as u64).min(left) as usize;
    if len == 0 {
        return Ok(0);
    }
    inode.pages().read(offset, len, to)
}

/// As [`read`], but from where the file is stored, if it is stored outside of memory: O_DIRECT.
///
/// # Errors
/// [`FsError::InvalidArgument`] unless whole sectors are read; as [`read`]; the error of the device.
pub(super) fn read_direct(inode: &Inode, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
    // What is being read must not be freed.
    let lock = inode.lock().read();
    if let Some(read) = inode.pages().read_direct(offset, to) {
        return read;
    }
    drop(lock);
    read(inode, offset, to)
}

/// Writes; returns the offset of the first byte, and the number of written bytes. Writes to one
/// file are serialized. With `is_direct`, the bytes go at once to where the file is stored, if it is
/// stored outside of memory: O_DIRECT.
pub(super) fn write(
    inode: &Inode,
    at: WriteAt,
    is_direct: bool,
    from: &mut dyn Source,
) -> Result<(u64, usize), FsError> {
    let len = from.left();
    let _lock = inode.lock().write();
    let offset = match at {
        WriteAt::Offset(offset) => offset,
        WriteAt::End => inode.size_bytes(),
    };
    if len == 0 {
        return Ok((offset, 0));
    }
    inode.sealing().check_write()?;
    let room = FILE_MAX_BYTES.saturating_sub(offset).min(size_limit::room_at(offset)?);
    if room == 0 {
        return Err(FsError::TooLarge);
    }
    let len_max = room_if_sealed(inode, offset, len as u64)?;
    let room = room.min(len_max);
    let len = (len as u64).min(room) as usize;
    if offset > inode.size_bytes() {
        inode.ops().fill_gap(inode, offset)?;
    }
    let pages = inode.pages();
    let direct = if is_direct { pages.write_direct(offset, len, from) } else { None };
    let (written, result) = direct.unwrap_or_else(|| pages.write(offset, len, from));
    if written == 0 {
        return result.map(|()| (offset, 0));
    }
    let end = offset + written as u64;
    if end > inode.size_bytes() {
        inode.attributes().set_size_bytes(end);
    }
    change::drop_set_ids(inode);
    inode.touch(Touch::Modified);
    Ok((offset, written))
}

/// Returns the number of bytes, of `len`, that may be written at `offset`. If a seal prevents
/// growth, the write ends after the last page that is completely within the file.
fn room_if_sealed(inode: &Inode, offset: u64, len: u64) -> Result<u64, FsError> {
    let size_bytes = inode.size_bytes();
    let grows = offset.saturating_add(len) > size_bytes;
    if !grows || !inode.sealing().seals().contains(Seals::GROW) {
        return Ok(len);
    }
    let end = size_bytes - size_bytes % PAGE_BYTES;
    if end > offset { Ok(end - offset) } else { Err(FsError::NotPermitted) }
}

/// The operation on a range of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocate {
    /// Pages are allocated; the file grows to the end of the range.
    Grow,
    /// Pages are allocated; the size doesn't change.
    KeepSize,
    /// The range becomes a hole; the size doesn't change.
    PunchHole,
    /// The range becomes zeros; the file grows to its end.
    Zero,
}

/// Changes the pages of the `len` bytes from `offset` on. If there is no room for all of them, some
/// are allocated, and the size doesn't change.
pub(super) fn allocate(inode: &Inode, how: Allocate, offset: u64, len: u64) -> Result<(), FsError> {
    let end = offset.checked_add(len).filter(|end| *end <= FILE_MAX_BYTES);
    let end = end.ok_or(FsError::TooLarge)?;
    if len == 0 {
        return Err(FsError::InvalidArgument);
    }
    if inode.pages().stored().is_some() {
        return Err(FsError::NotSupported);
    }
    let _lock = inode.lock().write();
    match how {
        Allocate::PunchHole => inode.sealing().check_write()?,
        _ => inode.sealing().check_size(inode.size_bytes(), end.max(inode.size_bytes()))?,
    }
    if how == Allocate::Grow || how == Allocate::Zero {
        size_limit::check_size(inode.size_bytes(), end)?;
    }
    if matches!(how, Allocate::PunchHole | Allocate::Zero) {
        inode.pages().punch(offset..end);
    }
    if how != Allocate::PunchHole {
        for index in offset / PAGE_BYTES..end.div_ceil(PAGE_BYTES) {
            drop(inode.pages().page_or_new(index)?);
        }
    }
    if matches!(how, Allocate::Grow | Allocate::Zero) && end > inode.size_bytes() {
        inode.attributes().set_size_bytes(end);
    }
    change::drop_set_ids(inode);
    inode.touch(Touch::Modified);
    Ok(())
}
