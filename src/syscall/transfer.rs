//! Copies from file to file: sendfile(2), copy_file_range(2).

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::file::{self, TRANSFER_MAX};
use crate::fs::attributes::FileKind;
use crate::fs::error::FsError;
use crate::fs::file::open_file::{OpenFile, Whence};
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{SliceSink, SliceSource};
use crate::mm::user::pointer::UserPointer;

/// The number of bytes that are copied at once.
const CHUNK_BYTES: usize = 4096;

/// A file, with the offset at which it is read or written: its position, or an offset in the
/// program's memory, which is updated.
pub(super) struct End {
    pub(super) file: Arc<OpenFile>,
    pub(super) offset: Option<u64>,
    pointer: Option<UserPointer<u64>>,
}

impl End {
    /// Makes the end whose file and offset are these arguments.
    pub(super) fn new(call: &Call<'_>, file: Arc<OpenFile>, place: usize) -> Result<Self, Failure> {
        let pointer = call.pointer_or_null::<u64>(place);
        let offset = match pointer {
            Some(pointer) => Some(file::offset(pointer.read()?)?),
            None => None,
        };
        Ok(Self { file, offset, pointer })
    }

    /// Reads into `to`, and advances the offset.
    pub(super) fn read(&mut self, to: &mut [u8]) -> Result<usize, FsError> {
        let mut sink = SliceSink::new(to);
        let Some(offset) = self.offset else {
            return self.file.read(&mut sink);
        };
        let read = self.file.read_at(offset, &mut sink)?;
        self.offset = Some(offset + read as u64);
        Ok(read)
    }

    /// Writes `from`, and advances the offset.
    pub(super) fn write(&mut self, extra: OpenFlags, from: &[u8]) -> Result<usize, FsError> {
        let mut source = SliceSource::new(from);
        let Some(offset) = self.offset else {
            return self.file.write_with(extra, &mut source);
        };
        let written = self.file.write_at_with(extra, offset, &mut source)?;
        self.offset = Some(offset + written as u64);
        Ok(written)
    }

    /// Moves the offset back before the last `bytes` that were read.
    pub(super) fn unread(&mut self, bytes: usize) -> Result<(), FsError> {
        match &mut self.offset {
            Some(offset) => *offset -= bytes as u64,
            None => drop(self.file.seek(-(bytes as i64), Whence::Position)?),
        }
        Ok(())
    }

    /// Writes the offset to the program's memory, if it is there.
    pub(super) fn finish(&self) -> Result<(), Failure> {
        match (self.pointer, self.offset) {
            (Some(pointer), Some(offset)) => Ok(pointer.write(&offset)?),
            _ => Ok(()),
        }
    }
}

/// Returns a buffer for a copy.
pub(super) fn buffer() -> Result<Vec<u8>, Failure> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(CHUNK_BYTES).map_err(|_| Errno::ENOMEM)?;
    buffer.resize(CHUNK_BYTES, 0);
    Ok(buffer)
}

/// Copies up to `count` bytes. Bytes that can't be written remain to be read. After the first
/// chunk, writes as if the file was open with the `extra` flags. Returns the number of copied
/// bytes.
///
/// # Errors
/// The error, if nothing was copied.
pub(super) fn copy(
    from: &mut End,
    to: &mut End,
    count: u64,
    [first, extra]: [OpenFlags; 2],
) -> Result<Result<usize, FsError>, Failure> {
    let mut buffer = buffer()?;
    let mut done = 0;
    let count = count.min(TRANSFER_MAX) as usize;
    let result = loop {
        if done == count {
            break Ok(());
        }
        let len = (count - done).min(CHUNK_BYTES);
        let read = match from.read(&mut buffer[..len]) {
            Ok(0) => break Ok(()),
            Ok(read) => read,
            Err(error) => break Err(error),
        };
        let flags = if done == 0 { first } else { extra };
        let (written, result) = match to.write(flags, &buffer[..read]) {
            Ok(written) => (written, Ok(())),
            Err(error) => (0, Err(error)),
        };
        done += written;
        if written < read {
            let result = result.and(from.unread(read - written));
            break result;
        }
    };
    Ok(match result {
        Err(error) if done == 0 => Err(error),
        _ => Ok(done),
    })
}

pub(super) fn sendfile(call: &mut Call<'_>) -> CallResult {
    let offset_at = call.pointer_or_null::<u64>(2);
    if let Some(pointer) = offset_at {
        pointer.read()?;
    }
    let from = call.file(1)?;
    check_open(from.flags().can_read())?;
    if offset_at.is_some() {
        from.check_position()?;
    }
    let mut from = End::new(call, from, 2)?;
    let to = call.file(0)?;
    check_open(to.flags().can_write())?;
    let is_read_so = matches!(from.file.inode().kind(), FileKind::Regular | FileKind::BlockDevice);
    if !is_read_so || to.flags().contains(OpenFlags::APPEND) {
        return Err(Errno::EINVAL.into());
    }
    let mut to = End { file: to, offset: None, pointer: None };
    let flags = [OpenFlags::empty(); 2];
    let result = copy(&mut from, &mut to, call.argument(3), flags)?;
    from.finish()?;
    file::finished(call, result)
}

/// Checks that a file is open for the operation.
pub(super) fn check_open(is_open_for_it: bool) -> Result<(), Failure> {
    if is_open_for_it { Ok(()) } else { Err(Errno::EBADF.into()) }
}

pub(super) fn copy_file_range(call: &mut Call<'_>) -> CallResult {
    let (from, to) = (call.file(0)?, call.file(2)?);
    let (mut from, mut to) = (End::new(call, from, 1)?, End::new(call, to, 3)?);
    if call.argument_u32(5) != 0 {
        return Err(Errno::EINVAL.into());
    }
    for end in [&from, &to] {
        match end.file.inode().kind() {
            FileKind::Directory => return Err(Errno::EISDIR.into()),
            FileKind::Regular => {}
            _ => return Err(Errno::EINVAL.into()),
        }
    }
    let to_flags = to.file.flags();
    check_open(from.file.flags().can_read())?;
    check_open(to_flags.can_write() && !to_flags.contains(OpenFlags::APPEND))?;
    let start = |end: &End| end.offset.unwrap_or_else(|| end.file.position());
    let (read_at, write_at) = (start(&from), start(&to));
    let count = call.argument(4);
    let limit = i64::MAX as u64;
    if read_at.checked_add(count).is_none_or(|end| end > limit)
        || write_at.checked_add(count).is_none_or(|end| end > limit)
    {
        return Err(Errno::EOVERFLOW.into());
    }
    let size_bytes = from.file.inode().size_bytes();
    let count = count.min(size_bytes.saturating_sub(read_at));
    let is_same = Arc::ptr_eq(from.file.inode(), to.file.inode());
    if is_same && read_at < write_at + count && write_at < read_at + count {
        return Err(Errno::EINVAL.into());
    }
    let result = copy(&mut from, &mut to, count, [OpenFlags::empty(); 2])?;
    from.finish()?;
    to.finish()?;
    file::finished(call, result)
}
