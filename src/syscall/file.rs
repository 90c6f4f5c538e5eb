//! Files: open(2), close(2), read(2), write(2), lseek(2), dup(2), pipe(2).

use ::signals::Signal;
use path_walk::Restrictions;

use crate::arch::user::USER_END;
use crate::fs::attributes::{FileKind, Mode};
use crate::fs::error::FsError;
use crate::fs::file::anonymous;
use crate::fs::file::open;
use crate::fs::file::open_file::{OpenFile, Whence};
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::readiness::Readiness;
use crate::fs::io::{Bytes, BytesMut, Sink, Source};
use crate::mm::user::pointer;
use crate::process::descriptors::{Descriptor, OnExec};
use crate::process::signal_sending;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::place::Place;
use super::versioned;

/// The largest number of bytes of a read or a write, as on Linux (MAX_RW_COUNT).
pub(super) const TRANSFER_MAX: u64 = 0x7FFF_F000;

/// Checks that a program may have memory in this range.
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
    /// Whether some bytes were transferred.
    has_begun: bool,
}

impl UserBuffer {
    pub(super) fn new(address: u64, len_bytes: u64) -> Result<Self, Failure> {
        // The check is for all bytes, even those after the limit of one call.
        check_range(address, len_bytes)?;
        Ok(Self { address, left: len_bytes.min(TRANSFER_MAX) as usize, has_begun: false })
    }

    /// Returns the number of bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    fn advance(&mut self, len: usize) -> usize {
        self.address += len as u64;
        self.left -= len;
        self.has_begun |= len > 0;
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

/// Returns the result of a transfer. An interruption before the first byte means that the call may
/// be executed again; a write to a broken pipe sends a SIGPIPE.
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

/// Sends a SIGPIPE if `file` is a pipe whose last reader has closed it during a write of which some
/// bytes of `buffer` were written. For a write without any, [`finished`] sends it.
pub(super) fn note_broken_pipe(call: &Call<'_>, file: &OpenFile, buffer: &UserBuffer) {
    let is_partial = buffer.left > 0 && buffer.has_begun;
    if is_partial
        && file.inode().kind() == FileKind::Fifo
        && file.readiness().contains(Readiness::ERROR)
    {
        signal_sending::send_of_kernel(call.process(), Signal::PIPE);
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
    let result = file.write(&mut buffer);
    note_broken_pipe(call, &file, &buffer);
    finished(call, result)
}

/// Returns an offset or a size of a file, which must fit into an `off_t`.
///
/// # Errors
/// EINVAL.
pub(super) fn offset(argument: u64) -> Result<u64, Failure> {
    match i64::try_from(argument) {
        Ok(_) => Ok(argument),
        Err(_) => Err(Errno::EINVAL.into()),
    }
}

fn open_place(call: &Call<'_>, place: &Place, flags: u32, mode: Mode) -> CallResult {
    // As on Linux, unknown flags are ignored by open(2) and openat(2).
    let flags = OpenFlags::from_bits_truncate(flags);
    open_within(call, place, flags, mode, Restrictions::default())
}

fn open_within(
    call: &Call<'_>,
    place: &Place,
    flags: OpenFlags,
    mode: Mode,
    restrictions: Restrictions,
) -> CallResult {
    let opened = open::open_restricted(&place.caller(), &place.path, flags, mode, restrictions);
    let file = match opened {
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

/// The size of a `struct open_how`, in bytes.
const OPEN_HOW_BYTES: u64 = 24;

pub(super) fn openat2(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/linux/openat2.h.
    const NO_XDEV: u64 = 1;
    const NO_MAGICLINKS: u64 = 2;
    const NO_SYMLINKS: u64 = 4;
    const BENEATH: u64 = 8;
    const IN_ROOT: u64 = 0x10;
    const LEN_MAX: u64 = 4096;
    const MODE_MAX: u64 = 0o7777;
    let len_bytes = call.argument(3);
    if len_bytes < OPEN_HOW_BYTES {
        return Err(Errno::EINVAL.into());
    }
    if len_bytes > LEN_MAX {
        return Err(Errno::E2BIG.into());
    }
    let [flags, mode, resolve] = versioned::read(call.argument(2), len_bytes)?;
    let flags = u32::try_from(flags).ok().and_then(OpenFlags::from_bits).ok_or(Errno::EINVAL)?;
    let makes = flags.contains(OpenFlags::CREATE) || flags.contains(OpenFlags::UNNAMED);
    let with_path =
        OpenFlags::PATH | OpenFlags::DIRECTORY | OpenFlags::NO_FOLLOW | OpenFlags::CLOSE_ON_EXEC;
    let is_valid = mode <= MODE_MAX
        && (makes || mode == 0)
        && resolve & !(NO_XDEV | NO_MAGICLINKS | NO_SYMLINKS | BENEATH | IN_ROOT) == 0
        && resolve & (BENEATH | IN_ROOT) != BENEATH | IN_ROOT
        && (!flags.contains(OpenFlags::PATH) || with_path.contains(flags));
    if !is_valid {
        return Err(Errno::EINVAL.into());
    }
    let restrictions = Restrictions {
        no_mounts: resolve & NO_XDEV != 0,
        no_magic_links: resolve & (NO_MAGICLINKS | BENEATH | IN_ROOT) != 0,
        no_links: resolve & NO_SYMLINKS != 0,
        beneath: resolve & BENEATH != 0,
        in_root: resolve & IN_ROOT != 0,
    };
    let place = match restrictions.beneath || restrictions.in_root {
        true => call.place_within(0, 1)?,
        false => call.place_at(Some(0), 1)?,
    };
    open_within(call, &place, flags, Mode::from_bits_truncate(mode as u16), restrictions)
}

pub(super) fn creat(call: &mut Call<'_>) -> CallResult {
    let flags = OpenFlags::CREATE | OpenFlags::WRITE_ONLY | OpenFlags::TRUNCATE;
    open_place(call, &call.place(0)?, flags.bits(), call.mode(1))
}

/// Returns whether a new descriptor is closed at an exec.
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

/// Opens `fd` with an open file; closes the previous one.
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
    let file = call.file_or_place(0)?;
    Ok(place(call, Descriptor { file, on_exec: OnExec::Keep }, 0)?.into())
}

pub(super) fn dup2(call: &mut Call<'_>) -> CallResult {
    let file = call.file_or_place(0)?;
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
    let identity = call.identity();
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
