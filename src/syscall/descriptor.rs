//! Descriptors: fcntl(2), dup3(2), sendfile(2), fsync(2), pread64(2).

use alloc::vec::Vec;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::file::{self, TRANSFER_MAX, UserBuffer};
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{SliceSink, SliceSource};
use crate::process::descriptors::{Descriptor, OnExec};

/// FD_CLOEXEC.
const CLOSE_ON_EXEC: u64 = 1;

pub(super) fn fcntl(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/asm-generic/fcntl.h and include/uapi/linux/fcntl.h.
    const DUPFD: u32 = 0;
    const GETFD: u32 = 1;
    const SETFD: u32 = 2;
    const GETFL: u32 = 3;
    const SETFL: u32 = 4;
    const DUPFD_CLOEXEC: u32 = 1030;
    let descriptors = call.process().descriptors();
    let fd = call.argument_u32(0);
    let file = descriptors.get(fd)?;
    let argument = call.argument(2);
    match call.argument_u32(1) {
        command @ (DUPFD | DUPFD_CLOEXEC) => {
            let lowest = u32::try_from(argument).map_err(|_| Errno::EINVAL)?;
            if u64::from(lowest) >= call.descriptor_limit() {
                return Err(Errno::EINVAL.into());
            }
            let on_exec = match command {
                DUPFD => OnExec::Keep,
                _ => OnExec::Close,
            };
            Ok(file::place(call, Descriptor { file, on_exec }, lowest)?.into())
        }
        GETFD => match descriptors.on_exec(fd)? {
            OnExec::Keep => Ok(0),
            OnExec::Close => Ok(CLOSE_ON_EXEC),
        },
        SETFD => {
            let on_exec = match argument & CLOSE_ON_EXEC {
                0 => OnExec::Keep,
                _ => OnExec::Close,
            };
            descriptors.set_on_exec(fd, on_exec)?;
            Ok(0)
        }
        GETFL => Ok((file.flags() | OpenFlags::LARGE_FILE).bits().into()),
        SETFL => {
            file.set_flags(OpenFlags::from_bits_truncate(argument as u32));
            Ok(0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn dup3(call: &mut Call<'_>) -> CallResult {
    let (old, new) = (call.argument_u32(0), call.argument_u32(1));
    let on_exec = match OpenFlags::from_bits(call.argument_u32(2)) {
        Some(flags) if flags == OpenFlags::empty() => OnExec::Keep,
        Some(OpenFlags::CLOSE_ON_EXEC) => OnExec::Close,
        _ => return Err(Errno::EINVAL.into()),
    };
    if old == new {
        return Err(Errno::EINVAL.into());
    }
    let file = call.file(0)?;
    file::place_at(call, Descriptor { file, on_exec }, new)?;
    Ok(new.into())
}

pub(super) fn pread64(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    let offset = file_offset(call.argument(3))?;
    let mut buffer = UserBuffer::new(call.argument(1), call.argument(2))?;
    file::finished(call, file.read_at(offset, &mut buffer))
}

pub(super) fn pwrite64(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    let offset = file_offset(call.argument(3))?;
    let mut buffer = UserBuffer::new(call.argument(1), call.argument(2))?;
    file::finished(call, file.write_at(offset, &mut buffer))
}

/// Returns a place in a file or its size, which fit into an `off_t`.
pub(super) fn file_offset(argument: u64) -> Result<u64, Failure> {
    match i64::try_from(argument) {
        Ok(_) => Ok(argument),
        Err(_) => Err(Errno::EINVAL.into()),
    }
}

/// A file in memory is stored as soon as it is written.
pub(super) fn fsync(call: &mut Call<'_>) -> CallResult {
    call.file(0)?;
    Ok(0)
}

/// How many bytes sendfile(2) copies at once.
const CHUNK_BYTES: usize = 4096;

pub(super) fn sendfile(call: &mut Call<'_>) -> CallResult {
    let (to, from) = (call.file(0)?, call.file(1)?);
    let offset_at = call.pointer_or_null::<u64>(2);
    let mut offset = match offset_at {
        Some(pointer) => Some(file_offset(pointer.read()?)?),
        None => None,
    };
    let count = call.argument(3).min(TRANSFER_MAX);
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(CHUNK_BYTES).map_err(|_| Errno::ENOMEM)?;
    buffer.resize(CHUNK_BYTES, 0);
    let mut done = 0;
    while done < count {
        let len = (count - done).min(CHUNK_BYTES as u64) as usize;
        let mut sink = SliceSink::new(&mut buffer[..len]);
        let read = match offset {
            Some(offset) => from.read_at(offset, &mut sink),
            None => from.read(&mut sink),
        };
        let read = match read {
            Ok(0) => break,
            Ok(read) => read,
            Err(_) if done > 0 => break,
            Err(error) => return Err(error.into()),
        };
        let written = match to.write(&mut SliceSource::new(&buffer[..read])) {
            Ok(written) => written,
            Err(_) if done > 0 => break,
            Err(error) => return file::finished(call, Err(error)),
        };
        done += written as u64;
        offset = offset.map(|offset| offset + written as u64);
        if written < read {
            break;
        }
    }
    if let (Some(pointer), Some(offset)) = (offset_at, offset) {
        pointer.write(&offset)?;
    }
    Ok(done)
}
