//! Copies from and to pipes: splice(2), tee(2).

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::fcntl::pipe_of;
use super::file;
use super::transfer::{self, End};
use crate::fs::error::FsError;
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{SliceSink, SliceSource};
use crate::fs::pipe::PipeEnd;

// Source: splice(2).
const NONBLOCK: u32 = 2;
const KNOWN: u32 = 0xF;

/// Returns the flags with which a pipe is read and written.
fn flags_of(call: &Call<'_>, argument: usize) -> Result<OpenFlags, Failure> {
    match call.argument_u32(argument) {
        flags if flags & !KNOWN != 0 => Err(Errno::EINVAL.into()),
        flags if flags & NONBLOCK != 0 => Ok(OpenFlags::NONBLOCK),
        _ => Ok(OpenFlags::empty()),
    }
}

/// Copies up to `count` bytes from a pipe; waits for the first. Bytes that can't be written remain
/// in the pipe.
fn copy_out(
    from: &OpenFile,
    pipe: &PipeEnd,
    to: &mut End,
    count: usize,
    wait: OpenFlags,
) -> Result<Result<usize, FsError>, Failure> {
    let mut buffer = transfer::buffer()?;
    let mut done = 0;
    let mut flags = wait;
    while done < count {
        let len = buffer.len().min(count - done);
        let read = match from.read_with(flags, &mut SliceSink::new(&mut buffer[..len])) {
            Ok(0) => break,
            Ok(read) => read,
            Err(_) if done > 0 => break,
            Err(error) => return Ok(Err(error)),
        };
        match to.write(flags, &buffer[..read]) {
            Ok(written) => {
                done += written;
                if written < read {
                    pipe.put_back(&buffer[written..read])?;
                    break;
                }
            }
            Err(error) => {
                pipe.put_back(&buffer[..read])?;
                if done == 0 {
                    return Ok(Err(error));
                }
                break;
            }
        }
        // The copy only waits for the first bytes.
        flags = OpenFlags::NONBLOCK;
    }
    Ok(Ok(done))
}

pub(super) fn splice(call: &mut Call<'_>) -> CallResult {
    let count = call.argument(4);
    if count == 0 {
        return Ok(0);
    }
    let wait = flags_of(call, 5)?;
    let (from, to) = (call.file(0)?, call.file(2)?);
    let count = count.min(file::TRANSFER_MAX);
    let has_place = |argument| call.pointer_or_null::<u64>(argument).is_some();
    let (from_pipe, to_pipe) = (pipe_of(&from), pipe_of(&to));
    if from_pipe.is_some() && has_place(1) || to_pipe.is_some() && has_place(3) {
        return Err(Errno::ESPIPE.into());
    }
    let (mut from_end, mut to_end) =
        (End::new(call, from.clone(), 1)?, End::new(call, to.clone(), 3)?);
    transfer::check_open(from.flags().can_read() && to.flags().can_write())?;
    for (end, is_pipe) in [(&from_end, from_pipe.is_some()), (&to_end, to_pipe.is_some())] {
        if !is_pipe && end.offset.is_some() && end.file.check_position().is_err() {
            return Err(Errno::EINVAL.into());
        }
    }
    let result = match (from_pipe, to_pipe) {
        (Some(from_pipe), Some(to_pipe)) if from_pipe.is_same_pipe(to_pipe) => {
            return Err(Errno::EINVAL.into());
        }
        (Some(pipe), _) => {
            if to_pipe.is_none() && to.flags().contains(OpenFlags::APPEND) {
                return Err(Errno::EINVAL.into());
            }
            copy_out(&from, pipe, &mut to_end, count as usize, wait)?
        }
        (None, Some(_)) => {
            // The copy only waits for room for the first bytes.
            let flags = [wait, OpenFlags::NONBLOCK];
            transfer::copy(&mut from_end, &mut to_end, count, flags)?
        }
        (None, None) => return Err(Errno::EINVAL.into()),
    };
    from_end.finish()?;
    to_end.finish()?;
    file::finished(call, result)
}

pub(super) fn tee(call: &mut Call<'_>) -> CallResult {
    let wait = flags_of(call, 3)?;
    let count = call.argument(2).min(file::TRANSFER_MAX) as usize;
    if count == 0 {
        return Ok(0);
    }
    let (from, to) = (call.file(0)?, call.file(1)?);
    transfer::check_open(from.flags().can_read() && to.flags().can_write())?;
    let from_pipe = match (pipe_of(&from), pipe_of(&to)) {
        (Some(from), Some(to)) if !from.is_same_pipe(to) => from,
        _ => return Err(Errno::EINVAL.into()),
    };
    let mut buffer = transfer::buffer()?;
    let mut done = 0;
    let mut flags = wait;
    while done < count {
        let len = buffer.len().min(count - done);
        let seen = from_pipe.peek(from.flags() | flags, done, &mut buffer[..len]);
        let result = seen.and_then(|seen| {
            let source = &mut SliceSource::new(&buffer[..seen]);
            Ok((seen, if seen > 0 { to.write_with(flags, source)? } else { 0 }))
        });
        match result {
            Ok((seen, written)) => {
                done += written;
                if written < seen || seen == 0 {
                    break;
                }
            }
            Err(_) if done > 0 => break,
            Err(error) => return file::finished(call, Err(error)),
        }
        flags = OpenFlags::NONBLOCK;
    }
    Ok(done as u64)
}
