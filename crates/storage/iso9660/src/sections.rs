//! The records of one file: a file of more than 4 GiB has several extents, and a record for each.

use volume::{Medium, VolumeError};

use crate::image::{Image, sector_end};
use crate::record::Record;

/// The most extents that a file may have. Twice as many as all blocks of a disk need.
const SECTIONS_MAX: u32 = 4096;

/// The records of one file, from its first one on.
pub(crate) struct Sections {
    record: Record,
    count: u32,
    /// The end of the directory, or that of the disk.
    end: u64,
}

impl Sections {
    /// Returns the records of the file whose first one is `record`.
    pub(crate) fn new(record: Record, end: u64) -> Self {
        Self { record, count: 1, end }
    }

    /// Returns the present record.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// Goes to the next record; returns whether there is one.
    pub(crate) fn advance<M: Medium>(&mut self, image: &Image<M>) -> Result<bool, VolumeError> {
        if !self.record.has_more() {
            return Ok(false);
        }
        const DAMAGED: VolumeError = VolumeError::Damaged("the extents of a file");
        if self.count == SECTIONS_MAX {
            return Err(DAMAGED);
        }
        let at = self.record.end();
        let next = match Record::read(image, at, self.end)? {
            Some(next) => next,
            None => Record::read(image, sector_end(at), self.end)?.ok_or(DAMAGED)?,
        };
        if next.identifier() != self.record.identifier() || next.is_directory() {
            return Err(DAMAGED);
        }
        self.record = next;
        self.count += 1;
        Ok(true)
    }
}
