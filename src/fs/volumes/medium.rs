//! The bytes of a block device, through its pages in memory.

use alloc::sync::Arc;
use core::ops::Range;

use volume::{Medium, MediumError, Stage};

use super::convert::medium_error;
use crate::fs::device_cache::DeviceCache;
use crate::fs::io::{SliceSink, SliceSource};

/// The bytes of a block device, for the structures of a file system.
pub(super) struct CachedMedium(pub(super) Arc<DeviceCache>);

impl CachedMedium {
    fn check(&self, at: u64, len: usize) -> Result<(), MediumError> {
        let end = at.checked_add(len as u64).ok_or(MediumError::Failed)?;
        if end <= self.len_bytes() { Ok(()) } else { Err(MediumError::Failed) }
    }
}

impl Medium for CachedMedium {
    fn len_bytes(&self) -> u64 {
        self.0.device().len_bytes()
    }

    fn read(&self, at: u64, to: &mut [u8]) -> Result<(), MediumError> {
        let len = to.len();
        self.check(at, len)?;
        match self.0.pages().read(at, len, &mut SliceSink::new(to)) {
            Ok(read) if read == len => Ok(()),
            Ok(_) => Err(MediumError::Failed),
            Err(error) => Err(medium_error(error)),
        }
    }

    fn write(&self, stage: Stage, at: u64, from: &[u8]) -> Result<(), MediumError> {
        let len = from.len();
        self.check(at, len)?;
        let from = &mut SliceSource::new(from);
        let (_, result) = self.0.pages().write_in_stage(stage, at, len, from);
        result.map_err(medium_error)
    }

    fn flush(&self) -> Result<(), MediumError> {
        self.0.sync_pages().map_err(medium_error)
    }

    fn discard(&self, range: Range<u64>) {
        if let Some(stored) = self.0.pages().stored() {
            stored.discard(range);
        }
    }
}
