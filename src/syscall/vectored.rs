//! Reads and writes of several buffers, and at an offset: readv(2), pread64(2), preadv2(2).

use alloc::vec::Vec;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::fcntl;
use super::file::{self, UserBuffer};
use crate::fs::error::FsError;
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{self, SliceSource};
use crate::fs::pipe::PIPE_BUF_BYTES;
use crate::mm::user::pointer::UserPointer;

/// The largest number of buffers of a call: IOV_MAX.
const BUFFERS_MAX: u64 = 1024;

/// Transfers each of the buffers in the arguments 1 and 2, until one is transferred only in part.
/// `transfer` is called with the number of bytes that were transferred before.
fn transfer_all(
    call: &Call<'_>,
    mut transfer: impl FnMut(u64, &mut UserBuffer) -> Result<usize, FsError>,
) -> CallResult {
    let count = u64::from(call.argument_u32(2));
    if count > BUFFERS_MAX {
        return Err(Errno::EINVAL.into());
    }
    let buffers = UserPointer::<[u64; 2]>::new(call.argument(1));
    // All buffers are checked before the first byte is transferred.
    for index in 0..count {
        let [address, len_bytes] = buffers.at(index)?.read()?;
        if len_bytes > i64::MAX as u64 {
            return Err(Errno::EINVAL.into());
        }
        file::check_range(address, len_bytes)?;
    }
    let mut total = 0;
    for index in 0..count {
        let [address, len_bytes] = buffers.at(index)?.read()?;
        let room = file::TRANSFER_MAX - total;
        let mut buffer = match UserBuffer::new(address, len_bytes.min(room)) {
            Ok(buffer) if buffer.left() > 0 => buffer,
            Ok(_) => continue,
            Err(_) if total > 0 => break,
            Err(error) => return Err(error),
        };
        match transfer(total, &mut buffer) {
            Ok(done) => {
                total += done as u64;
                if buffer.left() > 0 {
                    break;
                }
            }
            Err(_) if total > 0 => break,
            Err(error) => return file::finished(call, Err(error)),
        }
    }
    Ok(total)
}

pub(super) fn readv(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    check_open(file.flags().can_read())?;
    transfer_all(call, |_, buffer| file.read(buffer))
}

/// Writes all buffers of the arguments 1 and 2 to a pipe by one write, if they have at most
/// PIPE_BUF bytes, because POSIX requires that such a write is not split. Returns `None` for other
/// files, for more bytes, and if the buffers are invalid.
fn write_to_pipe(call: &Call<'_>, file: &OpenFile, extra: OpenFlags) -> Option<CallResult> {
    let count = u64::from(call.argument_u32(2));
    if !(2..=BUFFERS_MAX).contains(&count) || fcntl::pipe_of(file).is_none() {
        return None;
    }
    let buffers = UserPointer::<[u64; 2]>::new(call.argument(1));
    let mut bytes = Vec::new();
    for index in 0..count {
        let [address, len_bytes] = buffers.at(index).ok()?.read().ok()?;
        let len_bytes = usize::try_from(len_bytes).ok()?;
        if len_bytes > PIPE_BUF_BYTES - bytes.len() {
            return None;
        }
        let mut buffer = UserBuffer::new(address, len_bytes as u64).ok()?;
        let taken = match io::take(&mut buffer, len_bytes) {
            Ok(taken) => taken,
            Err(error) => return Some(Err(error.into())),
        };
        if bytes.try_reserve(len_bytes).is_err() {
            return Some(Err(Errno::ENOMEM.into()));
        }
        bytes.extend_from_slice(&taken);
    }
    let result = file.write_with(extra, &mut SliceSource::new(&bytes));
    Some(file::finished(call, result))
}

pub(super) fn writev(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    check_open(file.flags().can_write())?;
    if let Some(result) = write_to_pipe(call, &file, OpenFlags::empty()) {
        return result;
    }
    transfer_all(call, |_, buffer| {
        let result = file.write(buffer);
        file::note_broken_pipe(call, &file, buffer);
        result
    })
}

fn check_open(is_open_for_it: bool) -> Result<(), Failure> {
    if is_open_for_it { Ok(()) } else { Err(Errno::EBADF.into()) }
}

pub(super) fn pread64(call: &mut Call<'_>) -> CallResult {
    let offset = file::offset(call.argument(3))?;
    let file = call.file(0)?;
    let mut buffer = UserBuffer::new(call.argument(1), call.argument(2))?;
    file::finished(call, file.read_at(offset, &mut buffer))
}

pub(super) fn pwrite64(call: &mut Call<'_>) -> CallResult {
    let offset = file::offset(call.argument(3))?;
    let file = call.file(0)?;
    let mut buffer = UserBuffer::new(call.argument(1), call.argument(2))?;
    file::finished(call, file.write_at(offset, &mut buffer))
}

fn read_at(call: &Call<'_>, file: &OpenFile, offset: u64) -> CallResult {
    file.check_position()?;
    check_open(file.flags().can_read())?;
    transfer_all(call, |done, buffer| file.read_at(offset + done, buffer))
}

fn write_at(call: &Call<'_>, file: &OpenFile, offset: u64) -> CallResult {
    file.check_position()?;
    check_open(file.flags().can_write())?;
    transfer_all(call, |done, buffer| file.write_at(offset + done, buffer))
}

pub(super) fn preadv(call: &mut Call<'_>) -> CallResult {
    let offset = file::offset(call.argument(3))?;
    read_at(call, &*call.file(0)?, offset)
}

pub(super) fn pwritev(call: &mut Call<'_>) -> CallResult {
    let offset = file::offset(call.argument(3))?;
    write_at(call, &*call.file(0)?, offset)
}

// Source: Linux, include/uapi/linux/fs.h.
const HIGH_PRIORITY: u32 = 1;
const DATA_SYNC: u32 = 2;
const SYNC: u32 = 4;
const NO_WAIT: u32 = 8;
const APPEND: u32 = 0x10;

/// The offset that stands for the position of the file.
const AT_POSITION: u64 = u64::MAX;

/// Returns the flags in argument 5, which have to be among `known`. Flags about storage need no
/// action, because written bytes are stored at once.
fn flags(call: &Call<'_>, known: u32) -> Result<u32, Failure> {
    let flags = call.argument_u32(5);
    if flags & !(HIGH_PRIORITY | DATA_SYNC | SYNC | known) != 0 {
        return Err(Errno::EOPNOTSUPP.into());
    }
    Ok(flags)
}

/// Returns the offset in argument 3; `None` if it stands for the position of the file.
fn offset_or_position(call: &Call<'_>) -> Result<Option<u64>, Failure> {
    match call.argument(3) {
        AT_POSITION => Ok(None),
        offset => file::offset(offset).map(Some),
    }
}

pub(super) fn preadv2(call: &mut Call<'_>) -> CallResult {
    let offset = offset_or_position(call)?;
    let file = call.file(0)?;
    // Only pipes and similar files support NO_WAIT.
    let known = if file.special().is_some() { NO_WAIT } else { 0 };
    let flags = flags(call, known)?;
    match offset {
        Some(offset) => read_at(call, &file, offset),
        None => {
            check_open(file.flags().can_read())?;
            let extra = match flags & NO_WAIT {
                0 => OpenFlags::empty(),
                _ => OpenFlags::NONBLOCK,
            };
            transfer_all(call, |_, buffer| file.read_with(extra, buffer))
        }
    }
}

pub(super) fn pwritev2(call: &mut Call<'_>) -> CallResult {
    let offset = offset_or_position(call)?;
    let file = call.file(0)?;
    let known = if file.special().is_some() { NO_WAIT } else { 0 };
    let flags = flags(call, APPEND | known)?;
    let mut extra = OpenFlags::empty();
    extra.set(OpenFlags::APPEND, flags & APPEND != 0);
    extra.set(OpenFlags::NONBLOCK, flags & NO_WAIT != 0);
    match offset {
        Some(offset) => {
            file.check_position()?;
            check_open(file.flags().can_write())?;
            transfer_all(call, |done, buffer| file.write_at_with(extra, offset + done, buffer))
        }
        None => {
            check_open(file.flags().can_write())?;
            if let Some(result) = write_to_pipe(call, &file, extra) {
                return result;
            }
            transfer_all(call, |_, buffer| file.write_with(extra, buffer))
        }
    }
}
