//! The bitmap of a group that was used last.

use alloc::vec::Vec;
use core::ops::Range;

use volume::{Medium, MediumError, Stage, VolumeError};

use crate::bitmap;

/// The bitmap of a group, in memory. It is written at once when it changes.
#[derive(Debug)]
pub(crate) struct CachedBitmap {
    /// Its group; `None` if nothing was read, or a transfer failed.
    group: Option<u32>,
    bits: Vec<u8>,
}

impl CachedBitmap {
    pub(crate) fn try_new(block_bytes: u32) -> Result<Self, VolumeError> {
        let mut bits = Vec::new();
        bits.try_reserve_exact(block_bytes as usize).map_err(|_| VolumeError::NoMemory)?;
        bits.resize(block_bytes as usize, 0);
        Ok(Self { group: None, bits })
    }

    /// Returns the bits of the group whose bitmap was read.
    pub(crate) fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// Returns whether the bitmap of `group` is there.
    pub(crate) fn is_of(&self, group: u32) -> bool {
        self.group == Some(group)
    }

    /// Drops what was read.
    pub(crate) fn forget(&mut self) {
        self.group = None;
    }

    /// Reads the bitmap of `group`, which is at `at`, if it isn't there.
    pub(crate) fn read<M: Medium>(
        &mut self,
        medium: &M,
        group: u32,
        at: u64,
    ) -> Result<(), MediumError> {
        if self.group != Some(group) {
            self.group = None;
            medium.read(at, &mut self.bits)?;
            self.group = Some(group);
        }
        Ok(())
    }

    /// Sets or clears the bits of a range, which isn't empty, and writes them to the bitmap at `at`.
    /// Returns how many have changed.
    pub(crate) fn put<M: Medium>(
        &mut self,
        medium: &M,
        at: u64,
        range: Range<usize>,
        value: bool,
    ) -> Result<usize, MediumError> {
        let bytes = range.start / 8..(range.end - 1) / 8 + 1;
        let changed = bitmap::put(&mut self.bits, range, value);
        let written = medium.write(Stage::Last, at + bytes.start as u64, &self.bits[bytes]);
        if let Err(error) = written {
            self.group = None;
            return Err(error);
        }
        Ok(changed)
    }
}
