//! Reads of bytes at any place of a device.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::device::{BlockDevice, Direction};
use crate::drivers::block::request::IoError;
use crate::mm::kernel::frames::{Purpose, SharedFrame, parts};
use crate::mm::kernel::layout::FRAME_BYTES;

/// Reads bytes of a device through frames of its own.
pub struct Reader {
    device: Arc<BlockDevice>,
    /// Those for a part, and two for the rest of the sectors at its ends.
    frames: Vec<SharedFrame>,
}

impl Reader {
    /// Returns a reader that transfers at most `part_frames` frames at once.
    ///
    /// # Errors
    /// [`IoError::NoMemory`].
    pub fn try_new(device: Arc<BlockDevice>, part_frames: usize) -> Result<Self, IoError> {
        let frames = core::iter::repeat_with(|| SharedFrame::try_allocate(Purpose::Files))
            .take(part_frames + 2)
            .collect::<Option<_>>()
            .ok_or(IoError::NoMemory)?;
        Ok(Self { device, frames })
    }

    /// Returns the device.
    pub fn device(&self) -> &BlockDevice {
        &self.device
    }

    /// Reads the bytes from `start` on, from the device and not from a cache. May wait.
    ///
    /// # Errors
    /// See [`IoError`]; then the contents of `to` are undefined.
    pub fn read_at(&mut self, start: u64, to: &mut [u8]) -> Result<(), IoError> {
        let part_bytes = (self.frames.len() - 2) * FRAME_BYTES as usize;
        let mut at = start;
        for part in to.chunks_mut(part_bytes) {
            self.read_part(at, part)?;
            at += part.len() as u64;
        }
        Ok(())
    }

    fn read_part(&mut self, start: u64, to: &mut [u8]) -> Result<(), IoError> {
        let sector_bytes = self.device.sector_bytes();
        let skipped = start % sector_bytes;
        let sectors_end = start
            .checked_add(to.len() as u64)
            .and_then(|end| end.checked_next_multiple_of(sector_bytes))
            .ok_or(IoError::Invalid)?;
        self.device.transfer(Direction::Read, start - skipped..sectors_end, &self.frames)?;
        let mut rest = to;
        for (frame, range) in parts(&self.frames, skipped..skipped + rest.len() as u64) {
            let (part, others) = rest.split_at_mut(range.len());
            frame.bytes(range).read(part);
            rest = others;
        }
        Ok(())
    }
}
