//! A disk or a partition, and transfers from and to it.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use partition_table::{Identity, PartitionKind};

use super::transfers::Transfers;
use crate::drivers::block::disk::{Disk, DiskInfo};
use crate::drivers::block::request::{IoError, Operation, Request, Segment};
use crate::drivers::block::trace::Trace;
use crate::mm::kernel::frames::{SharedFrame, parts};
use crate::mm::kernel::layout::FRAME_BYTES;

/// The direction of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the device to memory.
    Read,
    /// From memory to the device.
    Write,
}

/// A partition's place in the table of its disk.
#[derive(Clone, Debug)]
pub struct PartitionInfo {
    /// Its number in the table.
    pub number: u32,
    /// Its kind.
    pub kind: PartitionKind,
    /// Its identity.
    pub identity: Identity,
}

/// A block device: a disk, or a partition of one.
pub struct BlockDevice {
    disk: Arc<dyn Disk>,
    name: String,
    minor: u32,
    first_sector: u64,
    sectors: u64,
    partition: Option<PartitionInfo>,
}

impl BlockDevice {
    /// Makes the device of a whole disk.
    pub(super) fn of_disk(disk: Arc<dyn Disk>, minor: u32) -> Self {
        let DiskInfo { ref name, sectors, .. } = *disk.info();
        let name = name.clone();
        Self::new(disk, name, minor, (0, sectors), None)
    }

    /// Makes the device of a partition, with its first sector and the number of its sectors, which
    /// lie within the disk.
    pub(super) fn of_partition(
        disk: Arc<dyn Disk>,
        minor: u32,
        range: (u64, u64),
        info: PartitionInfo,
    ) -> Self {
        let name = partition_name(&disk.info().name, info.number);
        Self::new(disk, name, minor, range, Some(info))
    }

    fn new(
        disk: Arc<dyn Disk>,
        name: String,
        minor: u32,
        (first_sector, sectors): (u64, u64),
        partition: Option<PartitionInfo>,
    ) -> Self {
        Self { disk, name, minor, first_sector, sectors, partition }
    }

    /// Returns its name, as on Linux.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its minor number; the major number is [`MAJOR`](super::devices::MAJOR).
    pub fn minor(&self) -> u32 {
        self.minor
    }

    /// Returns the disk, for a driver of another disk above it.
    pub fn whole_disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// Returns the properties of its disk.
    pub fn disk(&self) -> &DiskInfo {
        self.disk.info()
    }

    /// Returns the trace of its disk's requests.
    pub fn trace(&self) -> &Trace {
        self.disk.trace()
    }

    /// Returns its place in the table of its disk; `None` for a whole disk.
    pub fn partition(&self) -> Option<&PartitionInfo> {
        self.partition.as_ref()
    }

    /// Returns the first sector on the disk.
    pub fn first_sector(&self) -> u64 {
        self.first_sector
    }

    /// Returns its size, in bytes.
    pub fn len_bytes(&self) -> u64 {
        self.sectors.saturating_mul(self.sector_bytes())
    }

    /// Returns the size of a sector, in bytes.
    pub fn sector_bytes(&self) -> u64 {
        self.disk.info().sector_bytes.into()
    }

    /// Transfers the bytes of `range`, which are whole sectors, from or to `frames`, one after the
    /// other and from the start of the first one. Several requests are in flight at once. May wait.
    ///
    /// # Errors
    /// See [`IoError`]. A part may have been transferred.
    ///
    /// # Panics
    /// If there are fewer frames than the range needs.
    pub fn transfer(
        &self,
        direction: Direction,
        range: Range<u64>,
        frames: &[SharedFrame],
    ) -> Result<(), IoError> {
        self.transfer_at(direction, range, frames, 0)
    }

    /// As [`transfer`](Self::transfer), but from the byte `offset_bytes` of the first frame on, at
    /// which a sector begins: a multiple of the size of a sector.
    ///
    /// # Errors
    /// See [`IoError`]. A part may have been transferred.
    ///
    /// # Panics
    /// If there are fewer frames than the range needs.
    pub fn transfer_at(
        &self,
        direction: Direction,
        range: Range<u64>,
        frames: &[SharedFrame],
        offset_bytes: u64,
    ) -> Result<(), IoError> {
        let mut transfers = Transfers::new();
        let begun = self.begin_transfer(direction, range, frames, offset_bytes, &mut transfers);
        let ended = transfers.finish();
        begun.and(ended)
    }

    /// Begins what [`transfer_at`](Self::transfer_at) does; it ends with `transfers`. May wait.
    ///
    /// # Errors
    /// As there, for requests that can't begin. A part may have begun.
    ///
    /// # Panics
    /// As there.
    pub fn begin_transfer<'a>(
        &'a self,
        direction: Direction,
        range: Range<u64>,
        frames: &[SharedFrame],
        offset_bytes: u64,
        transfers: &mut Transfers<'a>,
    ) -> Result<(), IoError> {
        let sector_bytes = self.sector_bytes();
        let is_valid = range.start <= range.end
            && range.end <= self.len_bytes()
            && offset_bytes < FRAME_BYTES
            && [range.start, range.end, offset_bytes]
                .iter()
                .all(|at| at.is_multiple_of(sector_bytes));
        if !is_valid {
            return Err(IoError::Invalid);
        }
        let operation = match direction {
            Direction::Read => Operation::Read,
            Direction::Write => Operation::Write { is_forced: false },
        };
        let pages_max = u64::from(self.disk.info().request_bytes_max) / FRAME_BYTES;
        let request_bytes = pages_max.max(1) * FRAME_BYTES;
        // Places in the frames.
        let mut at = offset_bytes;
        let end = offset_bytes + (range.end - range.start);
        while at < end {
            // A request ends at the end of a frame, so that the next one begins at the start of one. It
            // has as many frames as the disk can take, even if it begins within its first one.
            let request_end = end.min(at - at % FRAME_BYTES + request_bytes);
            let sector = self.first_sector + (range.start + (at - offset_bytes)) / sector_bytes;
            let segments = segments(frames, at..request_end)?;
            transfers.begin(&*self.disk, Request { operation, sector, segments })?;
            at = request_end;
        }
        Ok(())
    }

    /// Writes the data of all transfers that have ended to the medium. May wait.
    ///
    /// # Errors
    /// See [`IoError`].
    pub fn flush(&self) -> Result<(), IoError> {
        if !self.disk.info().has_write_cache {
            return Ok(());
        }
        let begun = self.disk.begin(Request::flush())?;
        self.disk.finish(begun)
    }
}

/// Returns the segments for the bytes of `range`, which counts from the start of the first frame.
fn segments(frames: &[SharedFrame], range: Range<u64>) -> Result<Vec<Segment>, IoError> {
    let parts = parts(frames, range);
    let mut segments = Vec::new();
    segments.try_reserve_exact(parts.len()).map_err(|_| IoError::NoMemory)?;
    for (frame, range) in parts {
        let frame = frame.try_clone().map_err(|_| IoError::NoMemory)?;
        segments.push(Segment { frame, range });
    }
    Ok(segments)
}

/// Returns the name of a partition: `nvme0n1p2`, but `sda2`.
fn partition_name(disk: &str, number: u32) -> String {
    let separator = if disk.ends_with(|c: char| c.is_ascii_digit()) { "p" } else { "" };
    alloc::format!("{disk}{separator}{number}")
}
