//! What the volume says of itself on the disk: whether it is in use, and how many clusters are free.

use ::volume::{Access, Medium, Stage, VolumeError};

use crate::boot_sector::Kind;
use crate::table::Table;

/// The entry of the table whose upper bits say whether the volume is in use.
const STATE_ENTRY: u32 = 1;
/// The bit of the boot sector's state byte that is set while the volume is in use.
const IN_USE: u8 = 1;
const INFO_BYTES: usize = 512;
/// The offset of the count of free clusters, after which the number of a free one follows.
const INFO_FREE_AT: usize = 488;
const INFO_SIGNATURES: [(usize, u32); 3] =
    [(0, 0x4161_5252), (484, 0x6141_7272), (508, 0xAA55_0000)];

impl<M: Medium> Table<M> {
    /// Reads the state of the volume.
    pub fn read_state(&mut self) -> Result<(), VolumeError> {
        let mut is_clean = true;
        if let Some(at) = self.geometry.state_at {
            let mut byte = [0];
            self.medium.read(at, &mut byte)?;
            is_clean &= byte[0] & IN_USE == 0;
        }
        if let Some(bit) = self.closed_bit() {
            is_clean &= self.entry(STATE_ENTRY)? & bit != 0;
        }
        self.state.was_clean = is_clean;
        // The mark stays until the volume is checked, as on Linux.
        self.state.is_marked = !is_clean;
        let Some(at) = self.geometry.info_at else {
            return Ok(());
        };
        let mut sector = [0; INFO_BYTES];
        self.medium.read(at, &mut sector)?;
        let u32_at = |at: usize| {
            u32::from_le_bytes(*sector[at..].first_chunk().expect("fields are in the sector"))
        };
        if INFO_SIGNATURES.iter().any(|&(at, signature)| u32_at(at) != signature) {
            self.geometry.info_at = None;
            return Ok(());
        }
        let (free, next_free) = (u32_at(INFO_FREE_AT), u32_at(INFO_FREE_AT + 4));
        // The count of a volume that wasn't closed is an old one.
        let is_believable = is_clean && (1..=self.geometry.clusters).contains(&free);
        self.state.free = is_believable.then_some(free);
        self.state.next_free = next_free;
        Ok(())
    }

    /// Has to be called before each change. The first one marks the volume as in use.
    pub fn begin_change(&mut self) -> Result<(), VolumeError> {
        match self.access {
            Access::ReadOnly => Err(VolumeError::ReadOnly),
            Access::ReadWrite if self.state.is_marked => Ok(()),
            Access::ReadWrite => self.mark(true),
        }
    }

    /// Writes the counts to the information sector.
    pub fn write_info(&mut self) -> Result<(), VolumeError> {
        if let Some(at) = self.geometry.info_at
            && self.state.info_is_stale
        {
            let free = self.free_clusters()?;
            let next_free = self.state.next_free;
            let next_free = if self.geometry.contains(next_free) { next_free } else { 2 };
            let mut bytes = [0; 8];
            bytes[..4].copy_from_slice(&free.to_le_bytes());
            bytes[4..].copy_from_slice(&next_free.to_le_bytes());
            self.medium.write(Stage::Last, at + INFO_FREE_AT as u64, &bytes)?;
        }
        self.state.info_is_stale = false;
        Ok(())
    }

    /// Marks the volume as closed, unless it was not when it was opened.
    pub fn mark_closed(&mut self) -> Result<(), VolumeError> {
        match self.state.was_clean && self.state.is_marked {
            true => self.mark(false),
            false => Ok(()),
        }
    }

    fn mark(&mut self, is_in_use: bool) -> Result<(), VolumeError> {
        if let Some(bit) = self.closed_bit() {
            let entry = self.entry(STATE_ENTRY)?;
            let entry = if is_in_use { entry & !bit } else { entry | bit };
            self.write_entries(STATE_ENTRY, 1, |_| entry)?;
        }
        if let Some(at) = self.geometry.state_at {
            let mut byte = [0];
            self.medium.read(at, &mut byte)?;
            byte[0] = if is_in_use { byte[0] | IN_USE } else { byte[0] & !IN_USE };
            self.medium.write(Stage::First, at, &byte)?;
        }
        self.state.is_marked = is_in_use;
        Ok(())
    }

    /// Returns the bit of the entry 1 that is set when the volume was closed.
    fn closed_bit(&self) -> Option<u32> {
        match self.geometry.kind {
            Kind::Fat12 => None,
            Kind::Fat16 => Some(0x8000),
            Kind::Fat32 => Some(0x0800_0000),
        }
    }
}
