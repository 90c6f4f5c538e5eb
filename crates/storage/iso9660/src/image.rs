//! The disk, in bounds.

use volume::{Medium, VolumeError};

/// The size of the sectors in which descriptors and directory records are arranged, in bytes.
pub(crate) const SECTOR_BYTES: u64 = 2048;

/// The disk, and the size of its blocks.
pub(crate) struct Image<M> {
    medium: M,
    /// The unit of extents, in bytes.
    pub(crate) block_bytes: u32,
}

impl<M: Medium> Image<M> {
    pub(crate) fn new(medium: M) -> Self {
        Self { medium, block_bytes: SECTOR_BYTES as u32 }
    }

    pub(crate) fn len_bytes(&self) -> u64 {
        self.medium.len_bytes()
    }

    /// Returns whether the bytes exist.
    pub(crate) fn contains(&self, at: u64, len_bytes: u64) -> bool {
        at.checked_add(len_bytes).is_some_and(|end| end <= self.len_bytes())
    }

    /// Reads the bytes from `at` on.
    pub(crate) fn read(&self, at: u64, to: &mut [u8]) -> Result<(), VolumeError> {
        if !self.contains(at, to.len() as u64) {
            return Err(VolumeError::Damaged("an extent outside of the disk"));
        }
        Ok(self.medium.read(at, to)?)
    }

    /// Returns the place of a block.
    pub(crate) fn block(&self, number: u32) -> u64 {
        u64::from(number) * u64::from(self.block_bytes)
    }
}

/// Returns the end of the sector that contains the byte `at`.
pub(crate) fn sector_end(at: u64) -> u64 {
    (at / SECTOR_BYTES + 1).saturating_mul(SECTOR_BYTES)
}
