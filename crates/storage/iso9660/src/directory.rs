//! The records of a directory.

use alloc::vec::Vec;

use volume::{Medium, VolumeError};

use crate::image::{Image, SECTOR_BYTES, sector_end};
use crate::record::{PARENT, RECORD_BYTES_MAX, Record, SELF};

/// A directory.
pub(crate) struct Directory {
    /// Its own record, the first one.
    pub(crate) record: Record,
    /// Its end on the disk.
    pub(crate) end: u64,
}

impl Directory {
    /// Finds the directory whose number is `node`.
    pub(crate) fn open<M: Medium>(image: &Image<M>, node: u64) -> Result<Self, VolumeError> {
        let record = Record::read_node(image, node)?;
        if record.identifier() != SELF {
            return Err(VolumeError::NotADirectory);
        }
        let len_bytes = u64::from(record.len_bytes());
        if !record.is_directory() || record.extent(image) != node {
            return Err(VolumeError::Damaged("the record of a directory for itself"));
        }
        if !image.contains(node, len_bytes) || node.saturating_add(len_bytes) < record.end() {
            return Err(VolumeError::Damaged("the extent of a directory"));
        }
        Ok(Self { record, end: node + len_bytes })
    }

    /// Finds a directory that another record names.
    pub(crate) fn open_named<M: Medium>(image: &Image<M>, node: u64) -> Result<Self, VolumeError> {
        Self::open(image, node).map_err(|error| match error {
            VolumeError::NotADirectory => VolumeError::Damaged("the extent of a directory"),
            error => error,
        })
    }

    /// Returns the number of its node.
    pub(crate) fn node(&self) -> u64 {
        self.record.at
    }

    /// Returns the record for its parent.
    pub(crate) fn parent_record<M: Medium>(&self, image: &Image<M>) -> Result<Record, VolumeError> {
        Record::read(image, self.record.end(), self.end)?
            .filter(|record| record.identifier() == PARENT && record.is_directory())
            .ok_or(VolumeError::Damaged("the record of a directory for its parent"))
    }

    /// Returns its records from the offset `offset_bytes` on, which need not be that of a record.
    pub(crate) fn records<'a, M: Medium>(
        &self,
        image: &'a Image<M>,
        offset_bytes: u64,
    ) -> Result<Records<'a, M>, VolumeError> {
        let from = self.node().saturating_add(offset_bytes).min(self.end);
        let mut window = Vec::new();
        window.try_reserve_exact(SECTOR_BYTES as usize).map_err(|_| VolumeError::NoMemory)?;
        // A record begins at the start of each sector.
        let at = (from / SECTOR_BYTES * SECTOR_BYTES).max(self.node());
        Ok(Records { image, at, from, end: self.end, window, window_at: at })
    }
}

/// The records of a directory.
pub(crate) struct Records<'a, M> {
    image: &'a Image<M>,
    /// The place of the next record.
    at: u64,
    /// Records before this place are left out.
    from: u64,
    end: u64,
    /// The rest of a sector, from `window_at` on.
    window: Vec<u8>,
    window_at: u64,
}

impl<M: Medium> Records<'_, M> {
    /// Returns the next record; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, VolumeError> {
        while self.at < self.end {
            let Some(record) = Record::parse(self.at, self.rest_of_sector()?)? else {
                self.at = sector_end(self.at);
                continue;
            };
            self.at = record.end();
            if record.at >= self.from {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Leaves out the records before `at`.
    pub(crate) fn go_to(&mut self, at: u64) {
        self.at = at;
    }

    /// Returns the bytes of a record at the present place: those up to the end of the sector or of
    /// the directory, at most as many as a record can have.
    fn rest_of_sector(&mut self) -> Result<&[u8], VolumeError> {
        let end = sector_end(self.at).min(self.end);
        let window_end = self.window_at + self.window.len() as u64;
        if !(self.window_at..window_end).contains(&self.at) {
            self.window.clear();
            // The room has been reserved.
            self.window.resize((end - self.at) as usize, 0);
            self.window_at = self.at;
            self.image.read(self.at, &mut self.window)?;
        }
        let rest = &self.window[(self.at - self.window_at) as usize..];
        Ok(&rest[..rest.len().min(RECORD_BYTES_MAX)])
    }
}
