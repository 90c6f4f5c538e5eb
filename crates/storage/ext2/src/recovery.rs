//! Opening a volume for reading, with the changes in its journal.

use volume::{Access, Medium, VolumeError};

use crate::ext2::Ext2;
use crate::features::Format;
use crate::journal;
use crate::replayed::Replayed;

impl<M: Medium> Ext2<M> {
    /// Opens the volume of `format` on `medium` for reading.
    ///
    /// If its journal needs recovery, the changes in it are read in the place of what they have to
    /// replace; nothing is written.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_for_reading(medium: M, format: Format) -> Result<Self, VolumeError> {
        let volume = Self::load(Replayed::new(medium), format, Access::ReadOnly)?;
        if !volume.superblock.features.needs_recovery() {
            volume.check_root()?;
            return Ok(volume);
        }
        let copies = journal::read(&volume)?;
        let medium = volume.medium.with(copies, volume.superblock.block_shift);
        let mut volume = Self::load(medium, format, Access::ReadOnly)?;
        volume.check_root()?;
        volume.properties.is_replayed = true;
        Ok(volume)
    }
}
