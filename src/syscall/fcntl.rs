//! Operations on a descriptor or its open file: fcntl(2), dup3(2), close_range(2).

use super::call::{Call, CallResult};
use super::errno::Errno;
use super::file;
use super::lock::{self, Owner};
use super::memfd;
use crate::fs::file::file_ops::downcast;
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::locks::OnConflict;
use crate::fs::pipe::PipeEnd;
use crate::process::descriptors::{Descriptor, OnExec};

/// FD_CLOEXEC.
const CLOSE_ON_EXEC: u64 = 1;

// Source: Linux, include/uapi/asm-generic/fcntl.h and include/uapi/linux/fcntl.h.
const DUPFD: u32 = 0;
const GETFD: u32 = 1;
const SETFD: u32 = 2;
const GETFL: u32 = 3;
const SETFL: u32 = 4;
const GETLK: u32 = 5;
const SETLK: u32 = 6;
const SETLKW: u32 = 7;
const OFD_GETLK: u32 = 36;
const OFD_SETLK: u32 = 37;
const OFD_SETLKW: u32 = 38;
const DUPFD_CLOEXEC: u32 = 1030;
const SETPIPE_SZ: u32 = 1031;
const GETPIPE_SZ: u32 = 1032;
const ADD_SEALS: u32 = 1033;
const GET_SEALS: u32 = 1034;

pub(super) fn fcntl(call: &mut Call<'_>) -> CallResult {
    let descriptors = call.process().descriptors();
    let fd = call.argument_u32(0);
    let file = call.file_or_place(0)?;
    let argument = call.argument(2);
    let command = call.argument_u32(1);
    let is_for_places = matches!(command, DUPFD | DUPFD_CLOEXEC | GETFD | SETFD | GETFL);
    if file.is_place() && !is_for_places {
        return Err(Errno::EBADF.into());
    }
    match command {
        DUPFD | DUPFD_CLOEXEC => {
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
        GETFL if file.is_place() => Ok(file.flags().bits().into()),
        GETFL => Ok((file.flags() | OpenFlags::LARGE_FILE).bits().into()),
        SETFL => {
            file.set_flags(OpenFlags::from_bits_truncate(argument as u32));
            Ok(0)
        }
        GETLK => lock::get(call, &file, Owner::Process),
        SETLK => lock::set(call, &file, Owner::Process, OnConflict::Fail),
        SETLKW => lock::set(call, &file, Owner::Process, OnConflict::Wait),
        OFD_GETLK => lock::get(call, &file, Owner::OpenFile),
        OFD_SETLK => lock::set(call, &file, Owner::OpenFile, OnConflict::Fail),
        OFD_SETLKW => lock::set(call, &file, Owner::OpenFile, OnConflict::Wait),
        GETPIPE_SZ => Ok(pipe_of(&file).ok_or(Errno::EBADF)?.capacity_bytes() as u64),
        SETPIPE_SZ => {
            // As on Linux, at most 2 GiB.
            let capacity = call.argument_u32(2) as usize;
            let pipe = pipe_of(&file).ok_or(Errno::EBADF)?;
            if capacity > 1 << 31 {
                return Err(Errno::EINVAL.into());
            }
            Ok(pipe.set_capacity_bytes(capacity)? as u64)
        }
        ADD_SEALS => memfd::add_seals(call, &file),
        GET_SEALS => memfd::get_seals(&file),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Returns the pipe's end that the file is; `None` for other files.
pub(super) fn pipe_of(file: &OpenFile) -> Option<&PipeEnd> {
    file.special().and_then(|special| downcast(&**special))
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
    let file = call.file_or_place(0)?;
    file::place_at(call, Descriptor { file, on_exec }, new)?;
    Ok(new.into())
}

pub(super) fn close_range(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/linux/close_range.h.
    const UNSHARE: u32 = 2;
    const CLOEXEC: u32 = 4;
    let (first, last, flags) = (call.argument_u32(0), call.argument_u32(1), call.argument_u32(2));
    if flags & !(UNSHARE | CLOEXEC) != 0 || first > last {
        return Err(Errno::EINVAL.into());
    }
    let process = call.process().clone();
    if flags & UNSHARE != 0 {
        if process.thread_count() > 1 {
            // A thread can't have a table of its own.
            return Err(Errno::EINVAL.into());
        }
        process.unshare_descriptors()?;
    }
    match flags & CLOEXEC {
        0 => process.descriptors().close_range(first..=last),
        _ => process.descriptors().close_range_on_exec(first..=last),
    }
    Ok(0)
}
