//! Block devices as files in /dev.
//!
//! Reads and writes go to the device at once: what a write has transferred is on the disk, or in the
//! disk's own cache until fsync(2). A write of a part of a sector reads the sector first. Writes to one
//! device are serialised.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use super::attributes::{DeviceNumber, FileKind, Mode};
use super::devices::{self, Device, DeviceNode};
use super::error::FsError;
use super::file::file_ops::FileOps;
use super::file::open_flags::OpenFlags;
use super::io::{Bytes, BytesMut, Sink, Source, done_or};
use crate::block::BlockDevices;
use crate::block::device::{BlockDevice, Direction};
use crate::block::devices::{self as block_devices, MAJOR};
use crate::drivers::block::request::IoError;
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::mm::kernel::layout::FRAME_BYTES;

/// The most bytes that are transferred at a time.
const PIECE_BYTES: u64 = 512 * 1024;

/// An open block device.
pub struct BlockFile {
    device: Arc<BlockDevice>,
}

impl From<IoError> for FsError {
    fn from(error: IoError) -> Self {
        match error {
            IoError::Failed => Self::Io,
            IoError::Gone => Self::WrongDevice,
            IoError::ReadOnly => Self::NotPermitted,
            IoError::Invalid => Self::InvalidArgument,
            IoError::NoMemory => Self::NoMemory,
        }
    }
}

/// Registers all block devices.
///
/// # Errors
/// [`FsError::NoMemory`].
pub(super) fn start(_devices: BlockDevices) -> Result<(), FsError> {
    for device in block_devices::all() {
        let name: Box<str> = device.name().into();
        devices::register(Device {
            kind: FileKind::BlockDevice,
            number: DeviceNumber { major: MAJOR, minor: device.minor() },
            minors: 1,
            node: Some(DeviceNode { name: Box::leak(name), mode: Mode::from_bits_truncate(0o660) }),
            open,
        })?;
    }
    Ok(())
}

/// Makes all data that has been written to any device go to its medium. May wait.
///
/// # Errors
/// The first error of a device; the others are flushed all the same.
pub fn flush_all() -> Result<(), FsError> {
    let disks = block_devices::all().into_iter().filter(|device| device.partition().is_none());
    disks.map(|disk| disk.flush()).fold(Ok(()), Result::and).map_err(FsError::from)
}

fn open(number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn FileOps>, FsError> {
    let device = block_devices::get(number.minor).ok_or(FsError::NoDevice)?;
    if flags.can_write() && device.disk().is_read_only {
        return Err(FsError::PermissionDenied);
    }
    Ok(Arc::try_new(BlockFile { device })?)
}

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

/// Calls `copy` with each frame that has bytes of `range`, which counts from the start of the first
/// frame, and the part of the frame, until it copies less than that. Returns the number of copied
/// bytes.
fn each_part(
    frames: &[SharedFrame],
    range: Range<u64>,
    mut copy: impl FnMut(&SharedFrame, Range<usize>) -> usize,
) -> usize {
    let mut at = range.start;
    let mut done = 0;
    while at < range.end {
        let start = (at % FRAME_BYTES) as usize;
        let len = (FRAME_BYTES as usize - start).min((range.end - at) as usize);
        let copied = copy(&frames[(at / FRAME_BYTES) as usize], start..start + len);
        done += copied;
        at += copied as u64;
        if copied < len {
            break;
        }
    }
    done
}

impl BlockFile {
    /// Returns the device.
    pub fn device(&self) -> &BlockDevice {
        &self.device
    }

    /// Returns the part of the device of at most `len` bytes from `offset` on that is transferred at
    /// once.
    fn piece(&self, offset: u64, len: usize) -> Range<u64> {
        let end = offset.saturating_add(len as u64).min(self.device.len_bytes());
        let limit = (offset / PIECE_BYTES + 1) * PIECE_BYTES;
        offset..end.min(limit).max(offset)
    }

    /// Returns the whole sectors around a range.
    fn sectors_around(&self, range: &Range<u64>) -> Range<u64> {
        let sector_bytes = self.device.sector_bytes();
        let start = range.start - range.start % sector_bytes;
        start..range.end.next_multiple_of(sector_bytes)
    }

    /// Reads the sectors of `frames`, which begin at `start`, that have bytes outside of `range`: the
    /// first or the last one.
    fn read_edges(
        &self,
        frames: &[SharedFrame],
        around: &Range<u64>,
        range: &Range<u64>,
    ) -> Result<(), FsError> {
        let sector_bytes = self.device.sector_bytes();
        let mut edges = [None, None];
        if around.start < range.start {
            edges[0] = Some(around.start);
        }
        let last = around.end - sector_bytes;
        if range.end < around.end && edges[0] != Some(last) {
            edges[1] = Some(last);
        }
        let edge = buffer(sector_bytes)?;
        for at in edges.into_iter().flatten() {
            self.device.transfer(Direction::Read, at..at + sector_bytes, &edge)?;
            let (frame, start) =
                ((at - around.start) / FRAME_BYTES, (at - around.start) % FRAME_BYTES);
            let place = start as usize..(start + sector_bytes) as usize;
            let from = edge[0].bytes(0..sector_bytes as usize);
            frames[frame as usize].bytes(place).copy_from(from);
        }
        Ok(())
    }
}

impl FileOps for BlockFile {
    fn read(&self, _flags: OpenFlags, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        let mut done = 0;
        loop {
            let range = self.piece(offset + done as u64, to.room());
            if range.is_empty() {
                return Ok(done);
            }
            let around = self.sectors_around(&range);
            let frames = buffer(around.end - around.start)?;
            if let Err(error) = self.device.transfer(Direction::Read, around.clone(), &frames) {
                return done_or(done, error.into());
            }
            let part = range.start - around.start..range.end - around.start;
            let len = (part.end - part.start) as usize;
            let copied =
                each_part(&frames, part, |frame, range| to.put(Bytes::Frame(frame.bytes(range))));
            done += copied;
            if copied < len {
                return done_or(done, FsError::BadAddress);
            }
        }
    }

    fn write(
        &self,
        _flags: OpenFlags,
        offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        let mut done = 0;
        if from.left() > 0 && offset >= self.device.len_bytes() {
            return Err(FsError::NoSpace);
        }
        let _lock = self.device.lock_writes();
        loop {
            let range = self.piece(offset + done as u64, from.left());
            if range.is_empty() {
                return Ok(done);
            }
            let around = self.sectors_around(&range);
            let frames = buffer(around.end - around.start)?;
            self.read_edges(&frames, &around, &range)?;
            let part = range.start - around.start..range.end - around.start;
            let len = (part.end - part.start) as usize;
            let copied = each_part(&frames, part, |frame, range| {
                from.fill(BytesMut::Frame(frame.bytes(range)))
            });
            if copied < len {
                return done_or(done, FsError::BadAddress);
            }
            if let Err(error) = self.device.transfer(Direction::Write, around, &frames) {
                return done_or(done, error.into());
            }
            done += len;
        }
    }

    fn has_position(&self) -> bool {
        true
    }

    fn end(&self) -> Result<u64, FsError> {
        Ok(self.device.len_bytes())
    }

    fn sync(&self) -> Result<(), FsError> {
        Ok(self.device.flush()?)
    }
}
