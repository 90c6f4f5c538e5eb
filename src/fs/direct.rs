//! Transfers between a block device and a program without the pages in memory: O_DIRECT.
//!
//! As on Linux, offsets and lengths have to be multiples of the device's sector.

use alloc::vec::Vec;
use core::ops::Range;

use super::error::FsError;
use super::io::{Bytes, BytesMut, Sink, Source, done_or};
use crate::block::device::{BlockDevice, Direction};
use crate::mm::kernel::frames::{Purpose, SharedFrame, parts};
use crate::mm::kernel::layout::FRAME_BYTES;

/// The most bytes that are transferred at a time.
const PIECE_BYTES: u64 = 512 * 1024;

/// Returns frames for `len_bytes` bytes. Their contents are undefined.
fn buffer(len_bytes: u64) -> Result<Vec<SharedFrame>, FsError> {
    let count = len_bytes.div_ceil(FRAME_BYTES) as usize;
    let mut frames = Vec::new();
    frames.try_reserve_exact(count)?;
    for _ in 0..count {
        frames.push(SharedFrame::try_allocate(Purpose::Files).ok_or(FsError::NoMemory)?);
    }
    Ok(frames)
}

/// Calls `copy` with each part of the first `len` bytes, until it copies fewer. Returns the number of
/// copied bytes.
fn copy_parts(
    frames: &[SharedFrame],
    len: usize,
    mut copy: impl FnMut(&SharedFrame, Range<usize>) -> usize,
) -> usize {
    let mut done = 0;
    for (frame, part) in parts(frames, 0..len as u64) {
        let part_len = part.len();
        let copied = copy(frame, part);
        done += copied;
        if copied < part_len {
            break;
        }
    }
    done
}

/// Returns the bytes of the device of at most `len` bytes from `offset` on that are transferred at once.
fn piece(device: &BlockDevice, offset: u64, len: usize) -> Range<u64> {
    let end = offset.saturating_add(len as u64).min(device.len_bytes());
    offset..end.min(offset.saturating_add(PIECE_BYTES)).max(offset)
}

fn check(device: &BlockDevice, offset: u64, len: usize) -> Result<(), FsError> {
    let sector_bytes = device.sector_bytes();
    match offset.is_multiple_of(sector_bytes) && (len as u64).is_multiple_of(sector_bytes) {
        true => Ok(()),
        false => Err(FsError::InvalidArgument),
    }
}

/// Reads from the device at `offset`; returns the number of bytes, which is 0 behind its end. May wait.
///
/// # Errors
/// [`FsError::InvalidArgument`] unless whole sectors are read; [`FsError::BadAddress`],
/// [`FsError::NoMemory`]; the error of the device.
pub(super) fn read(device: &BlockDevice, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
    check(device, offset, to.room())?;
    let mut done = 0;
    loop {
        let range = piece(device, offset + done as u64, to.room());
        if range.is_empty() {
            return Ok(done);
        }
        let len = (range.end - range.start) as usize;
        let frames = buffer(range.end - range.start)?;
        if let Err(error) = device.transfer(Direction::Read, range, &frames) {
            return done_or(done, error.into());
        }
        let copied =
            copy_parts(&frames, len, |frame, range| to.put(Bytes::Frame(frame.bytes(range))));
        done += copied;
        if copied < len {
            return done_or(done, FsError::BadAddress);
        }
    }
}

/// Writes to the device at `offset`, which is before its end; returns the number of bytes. May wait.
///
/// # Errors
/// As [`read`].
pub(super) fn write(
    device: &BlockDevice,
    offset: u64,
    from: &mut dyn Source,
) -> Result<usize, FsError> {
    check(device, offset, from.left())?;
    let mut done = 0;
    loop {
        let range = piece(device, offset + done as u64, from.left());
        if range.is_empty() {
            return Ok(done);
        }
        let len = (range.end - range.start) as usize;
        let frames = buffer(range.end - range.start)?;
        let copied =
            copy_parts(&frames, len, |frame, range| from.fill(BytesMut::Frame(frame.bytes(range))));
        if copied < len {
            return done_or(done, FsError::BadAddress);
        }
        if let Err(error) = device.transfer(Direction::Write, range, &frames) {
            return done_or(done, error.into());
        }
        done += len;
    }
}
