//! The table: an entry for each cluster, which links the clusters of a file to a chain.

use alloc::vec;
use alloc::vec::Vec;

use ::volume::{Access, Medium, Stage, VolumeError};

use crate::boot_sector::{Geometry, Kind};
use crate::state::State;

/// The bytes of the table that are read at once. Entries of each width fill them without a rest.
const WINDOW_BYTES: u32 = 3072;

/// What the entry of a cluster says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Free,
    /// The chain goes on with this cluster, which exists.
    Next(u32),
    End,
    Bad,
}

impl Link {
    /// Returns whether the cluster belongs to no chain.
    pub fn is_outside(self) -> bool {
        matches!(self, Self::Free | Self::Bad)
    }
}

/// The table on its medium.
pub(crate) struct Table<M> {
    pub medium: M,
    pub geometry: Geometry,
    pub access: Access,
    pub state: State,
    /// The chains that were freed since the last flush: the first cluster, and whether it was a
    /// directory. Until then, an entry on the disk may still lead to them.
    pub freed: Vec<(u32, bool)>,
    /// The number of flushes.
    pub flushes: u32,
    /// A part of the table, as it is on the medium.
    window: Vec<u8>,
    /// Which part that is.
    window_index: Option<u32>,
}

impl<M: Medium> Table<M> {
    pub fn new(medium: M, geometry: Geometry, access: Access) -> Self {
        let window = vec![0; WINDOW_BYTES as usize];
        let (state, freed) = (State::default(), Vec::new());
        Self { medium, geometry, access, state, freed, flushes: 0, window, window_index: None }
    }

    /// Returns the number of entries of a window.
    pub fn window_entries(&self) -> u32 {
        WINDOW_BYTES * 8 / self.geometry.kind.entry_bits()
    }

    /// Returns the entry of a cluster that exists, or of the numbers 0 and 1.
    pub fn entry(&mut self, cluster: u32) -> Result<u32, VolumeError> {
        let index = self.load(cluster)?;
        Ok(match self.geometry.kind {
            Kind::Fat12 => {
                let at = index * 3 / 2;
                let pair = u16::from_le_bytes([self.window[at], self.window[at + 1]]);
                u32::from(if index.is_multiple_of(2) { pair & 0xFFF } else { pair >> 4 })
            }
            Kind::Fat16 => {
                let bytes = [self.window[index * 2], self.window[index * 2 + 1]];
                u16::from_le_bytes(bytes).into()
            }
            Kind::Fat32 => self.wide_entry(index) & 0x0FFF_FFFF,
        })
    }

    /// Returns what the entry of a cluster says.
    pub fn link(&mut self, cluster: u32) -> Result<Link, VolumeError> {
        self.check(cluster)?;
        let entry = self.entry(cluster)?;
        let end = self.end_mark();
        Ok(match entry {
            0 => Link::Free,
            entry if self.geometry.contains(entry) => Link::Next(entry),
            entry if entry == end - 8 => Link::Bad,
            entry if entry >= end - 7 => Link::End,
            _ => return Err(VolumeError::Damaged("a chain leaves the volume")),
        })
    }

    /// Fails if a cluster doesn't exist.
    pub fn check(&self, cluster: u32) -> Result<(), VolumeError> {
        match self.geometry.contains(cluster) {
            true => Ok(()),
            false => Err(VolumeError::Damaged("a chain leaves the volume")),
        }
    }

    /// Links a cluster to the next one of its chain.
    pub fn set_next(&mut self, cluster: u32, next: u32) -> Result<(), VolumeError> {
        self.write_entries(cluster, 1, |_| next)
    }

    /// Makes a cluster the last one of its chain.
    pub fn set_end(&mut self, cluster: u32) -> Result<(), VolumeError> {
        let end = self.end_mark();
        self.write_entries(cluster, 1, |_| end)
    }

    /// Returns the entry of the last cluster of a chain.
    pub fn end_mark(&self) -> u32 {
        match self.geometry.kind {
            Kind::Fat12 => 0xFFF,
            Kind::Fat16 => 0xFFFF,
            Kind::Fat32 => 0x0FFF_FFFF,
        }
    }

    /// Writes the entries of `count` clusters from `first` on, which are in one window, to all
    /// copies of the table.
    pub fn write_entries(
        &mut self,
        first: u32,
        count: u32,
        value_of: impl Fn(u32) -> u32,
    ) -> Result<(), VolumeError> {
        let index = self.load(first)?;
        for cluster in first..first + count {
            self.put(index + (cluster - first) as usize, value_of(cluster));
        }
        let bits = self.geometry.kind.entry_bits() as usize;
        let bytes = index * bits / 8..((index + count as usize) * bits).div_ceil(8);
        let window = first / self.window_entries();
        let at = u64::from(window) * u64::from(WINDOW_BYTES) + bytes.start as u64;
        for copy in self.geometry.copies.clone() {
            let copy_at = self.geometry.table_at + u64::from(copy) * self.geometry.table_bytes;
            let written =
                self.medium.write(Stage::Second, copy_at + at, &self.window[bytes.clone()]);
            if let Err(error) = written {
                self.window_index = None;
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn wide_entry(&self, index: usize) -> u32 {
        let bytes = self.window[index * 4..].first_chunk().expect("the window has whole entries");
        u32::from_le_bytes(*bytes)
    }

    /// Changes an entry in the window. The upper bits of a wide one are kept.
    fn put(&mut self, index: usize, value: u32) {
        match self.geometry.kind {
            Kind::Fat12 => {
                let pair = &mut self.window[index * 3 / 2..][..2];
                let value = value as u16;
                if index.is_multiple_of(2) {
                    pair[0] = value as u8;
                    pair[1] = pair[1] & 0xF0 | (value >> 8) as u8;
                } else {
                    pair[0] = pair[0] & 0x0F | (value << 4) as u8;
                    pair[1] = (value >> 4) as u8;
                }
            }
            Kind::Fat16 => {
                self.window[index * 2..][..2].copy_from_slice(&(value as u16).to_le_bytes());
            }
            Kind::Fat32 => {
                let kept = self.wide_entry(index) & 0xF000_0000;
                self.window[index * 4..][..4].copy_from_slice(&(kept | value).to_le_bytes());
            }
        }
    }

    /// Reads the window with the entry of a cluster, and returns the index of the entry in it.
    fn load(&mut self, cluster: u32) -> Result<usize, VolumeError> {
        let (wanted, index) =
            (cluster / self.window_entries(), (cluster % self.window_entries()) as usize);
        if self.window_index == Some(wanted) {
            return Ok(index);
        }
        let start = u64::from(wanted) * u64::from(WINDOW_BYTES);
        let left = self.geometry.table_bytes.saturating_sub(start);
        let len_bytes = left.min(WINDOW_BYTES.into()) as usize;
        let copy = u64::from(self.geometry.copies.start);
        let at = self.geometry.table_at + copy * self.geometry.table_bytes + start;
        self.window_index = None;
        self.medium.read(at, &mut self.window[..len_bytes])?;
        self.window_index = Some(wanted);
        Ok(index)
    }
}
