//! The medium with the image: the disk on which the manifest is that was loaded.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use seal::Medium;

use super::check::Sealed;
use crate::block::device::{BlockDevice, Direction};
use crate::block::devices;
use crate::drivers::block::request::IoError;
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::mm::kernel::layout::FRAME_BYTES;

/// The largest part that is read at once, in bytes.
pub const PART_MAX_BYTES: usize = 128 << 10;

/// A disk, and frames for its reads.
pub struct Disk {
    device: Arc<BlockDevice>,
    frames: Vec<SharedFrame>,
}

impl Disk {
    /// Returns the disk that has `sealed`'s manifest at its place, and what the manifest says of it;
    /// `None` if there is none, or it can't be read.
    pub fn find(sealed: &Sealed) -> Option<(Self, Medium)> {
        let medium = sealed.manifest.medium()?;
        let mut whole_disks =
            devices::all().into_iter().filter(|device| device.partition().is_none());
        let disk = whole_disks.find_map(|device| {
            let mut disk = Self::try_new(device).ok()?;
            let is_it = disk.device.len_bytes() >= medium.len_bytes
                && disk.holds(medium.manifest_start, sealed.file).unwrap_or(false);
            is_it.then_some(disk)
        })?;
        Some((disk, medium))
    }

    fn try_new(device: Arc<BlockDevice>) -> Result<Self, IoError> {
        // The sectors at both ends may be read in part.
        let count = PART_MAX_BYTES / FRAME_BYTES as usize + 2;
        let frames = core::iter::repeat_with(|| SharedFrame::try_allocate(Purpose::Files))
            .take(count)
            .collect::<Option<Vec<_>>>()
            .ok_or(IoError::NoMemory)?;
        Ok(Self { device, frames })
    }

    /// Returns the disk's name.
    pub fn name(&self) -> &str {
        self.device.name()
    }

    /// Returns whether `bytes` are at `start` of the disk.
    fn holds(&mut self, start: u64, bytes: &[u8]) -> Result<bool, IoError> {
        let mut part = vec![0; PART_MAX_BYTES.min(bytes.len())];
        for (number, expected) in bytes.chunks(PART_MAX_BYTES).enumerate() {
            let read = &mut part[..expected.len()];
            self.read(start + (number * PART_MAX_BYTES) as u64, read)?;
            if read != expected {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads the bytes at `start`, at most [`PART_MAX_BYTES`].
    ///
    /// # Errors
    /// See [`IoError`]; then the contents of `to` are undefined.
    pub fn read(&mut self, start: u64, to: &mut [u8]) -> Result<(), IoError> {
        let sector_bytes = self.device.sector_bytes();
        let skipped = start % sector_bytes;
        let end = start.checked_add(to.len() as u64).ok_or(IoError::Invalid)?;
        let sectors = start - skipped..end.next_multiple_of(sector_bytes);
        self.device.transfer(Direction::Read, sectors, &self.frames)?;
        let mut at = skipped as usize;
        let mut rest = to;
        while !rest.is_empty() {
            let frame_bytes = FRAME_BYTES as usize;
            let in_frame = at % frame_bytes;
            let len = rest.len().min(frame_bytes - in_frame);
            let (part, others) = rest.split_at_mut(len);
            self.frames[at / frame_bytes].bytes(in_frame..in_frame + len).read(part);
            (at, rest) = (at + len, others);
        }
        Ok(())
    }
}
