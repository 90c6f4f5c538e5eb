//! Files: open(2), close(2), read(2), write(2), lseek(2), dup(2), pipe(2).

use ::signals::Signal;

use crate::arch::user::USER_END;
use crate::fs::attributes::Mode;
use crate::fs::error::FsError;
use crate::fs::file::anonymous;
use crate::fs::file::open;
use crate::fs::file::open_file::Whence;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{Bytes, BytesMut, Sink, Source};
use crate::mm::user::pointer::{self, UserPointer};
use crate::process::descriptors::{Descriptor, OnExec};
use crate::process::signal_sending;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::place::Place;

/// The most bytes that a read or a write transfers, as on Linux (MAX_RW_COUNT).
pub(super) const TRANSFER_MAX: u64 = 0x7FFF_F000;

/// Checks that a program can have memory there.
///
/// # Errors
/// EFAULT.
pub(super) fn check_range(address: u64, len_bytes: u64) -> Result<(), Failure> {
    match address.checked_add(len_bytes).filter(|end| *end <= USER_END) {
        Some(_) => Ok(()),
        None => Err(Errno::EFAULT.into()),
    }
}

/// A range of the program's memory, which is read from or written to.
pub(super) struct UserBuffer {
    address: u64,
    left: usize,
}

impl UserBuffer {
    pub(super) fn new(address: u64, len_bytes: u64) -> Result<Self, Failure> {
        // The check is for all bytes, even those that one call doesn't transfer.
        check_range(address, len_bytes)?;
        Ok(Self { address, left: len_bytes.min(TRANSFER_MAX) as usize })
    }

    fn advance(&mut self, len: usize) -> usize {
        self.address += len as u64;
        self.left -= len;
        len
    }
}

impl Sink for UserBuffer {
    fn room(&self) -> usize {
        self.left
    }

    fn put(&mut self, bytes: Bytes<'_>) -> usize {
        let copied = match bytes {
            Bytes::Slice(bytes) => pointer::write_some(self.address, bytes),
            Bytes::Frame(bytes) => bytes.write_to_program(self.address),
            Bytes::Zeros(len) => match pointer::clear_bytes(self.address, len) {
                Ok(()) => len,
                Err(_) => 0,
            },
        };
        self.advance(copied)
    }
}

impl Source for UserBuffer {
    fn left(&self) -> usize {
        self.left
    }

    fn fill(&mut self, bytes: BytesMut<'_>) -> usize {
        let copied = match bytes {
            BytesMut::Slice(bytes) => pointer::read_some(self.address, bytes),
            BytesMut::Frame(bytes) => bytes.read_from_program(self.address),
        };
        self.advance(copied)
    }
}

/// Returns the result of a transfer: one that was interrupted before the first byte may be executed
/// again; a write to a broken pipe is a SIGPIPE.
pub(super) fn finished(call: &Call<'_>, result: Result<usize, FsError>) -> CallResult {
    match result {
        Ok(len_bytes) => Ok(len_bytes as u64),
        Err(FsError::Interrupted) => Err(Failure::RESTART),
        Err(FsError::BrokenPipe) => {
            signal_sending::send_of_kernel(call.process(), Signal::PIPE);
            Err(Errno::EPIPE.into())
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn read(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    let mut buffer = UserBuffer::new(call.argument(1), call.argument(2))?;
    finished(call, file.read(&mut buffer))
}

pub(super) fn write(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    let mut buffer = UserBuffer::new(call.argument(1), call.argument(2))?;
    finished(call, file.write(&mut buffer))
}

/// The most buffers of a readv or a writev: IOV_MAX.
const BUFFERS_MAX: u64 = 1024;

/// Transfers to or from each of the buffers of readv(2) or writev(2), until one isn't done whole.
fn transfer_all(
    call: &Call<'_>,
    mut transfer: impl FnMut(&mut UserBuffer) -> Result<usize, FsError>,
) -> CallResult {
    let count = u64::from(call.argument_u32(2));
    if count > BUFFERS_MAX {
        return Err(Errno::EINVAL.into());
    }
    let mut total = 0;
    for index in 0..count {
        let [address, len_bytes] =
            UserPointer::<[u64; 2]>::new(call.argument(1)).at(index)?.read()?;
        if len_bytes > i64::MAX as u64 {
            return Err(Errno::EINVAL.into());
        }
        if len_bytes == 0 {
            continue;
        }
        let mut buffer = match UserBuffer::new(address, len_bytes) {
            Ok(buffer) => buffer,
            Err(_) if total > 0 => break,
            Err(error) => return Err(error),
        };
        match transfer(&mut buffer) {
            Ok(done) => {
                total += done as u64;
                if buffer.left > 0 {
                    break;
                }
            }
            Err(_) if total > 0 => break,
            Err(error) => return finished(call, Err(error)),
        }
    }
    Ok(total)
}

pub(super) fn readv(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    transfer_all(call, |buffer| file.read(buffer))
}

pub(super) fn writev(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    transfer_all(call, |buffer| file.write(buffer))
}

fn open_place(call: &Call<'_>, place: &Place, flags: u32, mode: Mode) -> CallResult {
    // As on Linux, unknown flags are ignored by open(2) and openat(2).
    let flags = OpenFlags::from_bits_truncate(flags);
    let file = match open::open(&place.caller(), &place.path, flags, mode) {
        Ok(file) => file,
        Err(FsError::Interrupted) => return Err(Failure::RESTART),
        Err(error) => return Err(error.into()),
    };
    let on_exec = on_exec(flags);
    Ok(self::place(call, Descriptor { file, on_exec }, 0)?.into())
}

pub(super) fn open(call: &mut Call<'_>) -> CallResult {
    open_place(call, &call.place(0)?, call.argument_u32(1), call.mode(2))
}

pub(super) fn openat(call: &mut Call<'_>) -> CallResult {
    open_place(call, &call.place_at(Some(0), 1)?, call.argument_u32(2), call.mode(3))
}

pub(super) fn creat(call: &mut Call<'_>) -> CallResult {
    let flags = OpenFlags::CREATE | OpenFlags::WRITE_ONLY | OpenFlags::TRUNCATE;
    open_place(call, &call.place(0)?, flags.bits(), call.mode(1))
}

/// Returns what happens to a new descriptor at an exec.
pub(super) fn on_exec(flags: OpenFlags) -> OnExec {
    match flags.contains(OpenFlags::CLOSE_ON_EXEC) {
        true => OnExec::Close,
        false => OnExec::Keep,
    }
}

/// Opens the lowest free descriptor from `lowest` on.
pub(super) fn place(call: &Call<'_>, descriptor: Descriptor, lowest: u32) -> Result<u32, Failure> {
    Ok(call.process().descriptors().open(descriptor, lowest, call.descriptor_limit())?)
}

/// Opens the descriptor `fd`; closes what it was.
pub(super) fn place_at(call: &Call<'_>, descriptor: Descriptor, fd: u32) -> Result<(), Failure> {
    Ok(call.process().descriptors().open_at(fd, descriptor, call.descriptor_limit())?)
}

pub(super) fn close(call: &mut Call<'_>) -> CallResult {
    let closed = call.process().descriptors().close(call.argument_u32(0))?;
    drop(closed);
    Ok(0)
}

pub(super) fn lseek(call: &mut Call<'_>) -> CallResult {
    let whence = match call.argument_u32(2) {
        0 => Whence::Start,
        1 => Whence::Position,
        2 => Whence::End,
        3 => Whence::Data,
        4 => Whence::Hole,
        _ => return Err(Errno::EINVAL.into()),
    };
    Ok(call.file(0)?.seek(call.argument(1) as i64, whence)?)
}

pub(super) fn dup(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    Ok(place(call, Descriptor { file, on_exec: OnExec::Keep }, 0)?.into())
}

pub(super) fn dup2(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    let (old, new) = (call.argument_u32(0), call.argument_u32(1));
    if old != new {
        place_at(call, Descriptor { file, on_exec: OnExec::Keep }, new)?;
    }
    Ok(new.into())
}

pub(super) fn pipe(call: &mut Call<'_>) -> CallResult {
    make_pipe(call, OpenFlags::empty())
}

pub(super) fn pipe2(call: &mut Call<'_>) -> CallResult {
    let flags = OpenFlags::from_bits(call.argument_u32(1)).ok_or(Errno::EINVAL)?;
    let known = OpenFlags::CLOSE_ON_EXEC | OpenFlags::NONBLOCK | OpenFlags::DIRECT;
    if !known.contains(flags) {
        return Err(Errno::EINVAL.into());
    }
    make_pipe(call, flags)
}

fn make_pipe(call: &Call<'_>, flags: OpenFlags) -> CallResult {
    let identity = call.process().identity();
    let owner = (identity.credentials.uid, identity.credentials.gid);
    let (reader, writer) = anonymous::pipe(flags, owner)?;
    let on_exec = on_exec(flags);
    let descriptors = call.process().descriptors();
    let reader = place(call, Descriptor { file: reader, on_exec }, 0)?;
    let writer = match place(call, Descriptor { file: writer, on_exec }, 0) {
        Ok(writer) => writer,
        Err(error) => {
            drop(descriptors.close(reader));
            return Err(error);
        }
    };
    if let Err(error) = call.pointer::<[u32; 2]>(0).write(&[reader, writer]) {
        drop((descriptors.close(reader), descriptors.close(writer)));
        return Err(error.into());
    }
    Ok(0)
}
