//! What was freed since the last flush.
//!
//! Until then, an inode on the disk may still have it. If it became another one's, and power failed
//! before both were written, two inodes would have it.

use alloc::vec::Vec;
use core::ops::Range;

use volume::VolumeError;

use crate::bitmap;

/// Blocks or inodes that were freed since the last flush.
#[derive(Debug, Default)]
pub(crate) struct Freed {
    /// The groups that have some, with a bit for each of theirs.
    groups: Vec<(u32, Vec<u8>)>,
    /// The memory of [`mask`](Self::mask).
    masked: Vec<u8>,
}

impl Freed {
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.groups.clear();
    }

    /// Adds a range of a group whose bitmap has `bytes` bytes.
    pub(crate) fn add(
        &mut self,
        group: u32,
        range: Range<usize>,
        bytes: usize,
    ) -> Result<(), VolumeError> {
        let zeros = || {
            let mut bits = Vec::new();
            bits.try_reserve_exact(bytes).map_err(|_| VolumeError::NoMemory)?;
            bits.resize(bytes, 0);
            Ok::<_, VolumeError>(bits)
        };
        let index = match self.groups.binary_search_by_key(&group, |(group, _)| *group) {
            Ok(index) => index,
            Err(index) => {
                if self.masked.is_empty() {
                    self.masked = zeros()?;
                }
                self.groups.try_reserve(1).map_err(|_| VolumeError::NoMemory)?;
                self.groups.insert(index, (group, zeros()?));
                index
            }
        };
        bitmap::put(&mut self.groups[index].1, range, true);
        Ok(())
    }

    /// Returns the bitmap `bits` of a group, with what was freed shown as being in use.
    pub(crate) fn mask<'a>(&'a mut self, group: u32, bits: &'a [u8]) -> &'a [u8] {
        let Ok(index) = self.groups.binary_search_by_key(&group, |(group, _)| *group) else {
            return bits;
        };
        let freed = &self.groups[index].1;
        for ((masked, bits), freed) in self.masked.iter_mut().zip(bits).zip(freed) {
            *masked = bits | freed;
        }
        &self.masked
    }
}
