//! The place of a file's pages on the disk.

use alloc::sync::Arc;
use core::ops::Range;

use volume::{Extent, MapFor};

use super::node::Node;
use crate::block::device::Direction;
use crate::fs::error::FsError;
use crate::fs::page_cache::PAGE_BYTES;
use crate::fs::page_cache::store::PageStore;
use crate::mm::kernel::frames::{SharedFrame, parts};

/// The place of a file's pages on the disk.
pub(super) struct FileStore(pub(super) Arc<Node>);

impl FileStore {
    fn find(&self, offset: u64, len: u64) -> Result<Extent, FsError> {
        let node = self.0.id();
        self.0.mounted().with(|volume| Ok(volume.map(node, offset, len, MapFor::Find)?))
    }

    /// Calls `transfer` for each piece of `range` that is in one piece on the disk, with its place there, or
    /// `None` for a hole, and with its bytes counted from the start of the page of the first one.
    fn each_extent(
        &self,
        range: Range<u64>,
        mut transfer: impl FnMut(Option<u64>, Range<u64>) -> Result<(), FsError>,
    ) -> Result<(), FsError> {
        let start = range.start - range.start % PAGE_BYTES;
        let mut at = range.start;
        while at < range.end {
            let extent = self.find(at, range.end - at)?;
            let end = at + extent.len_bytes.min(range.end - at);
            transfer(extent.place, at - start..end - start)?;
            at = end;
        }
        Ok(())
    }

    /// Transfers the bytes of `range` of `pages`, counted from the start of the first one, at `place`
    /// on the disk.
    fn transfer(
        &self,
        direction: Direction,
        place: u64,
        range: Range<u64>,
        pages: &[SharedFrame],
    ) -> Result<(), FsError> {
        let device = self.0.mounted().cache().device();
        let on_disk = place..place + (range.end - range.start);
        let frames = &pages[(range.start / PAGE_BYTES) as usize..];
        Ok(device.transfer_at(direction, on_disk, frames, range.start % PAGE_BYTES)?)
    }
}

impl PageStore for FileStore {
    fn size_bytes(&self) -> u64 {
        self.0.size_bytes()
    }

    fn sector_bytes(&self) -> u64 {
        self.0.mounted().cache().device().sector_bytes()
    }

    fn read(&self, range: Range<u64>, pages: &[SharedFrame]) -> Result<(), FsError> {
        self.each_extent(range, |place, in_pages| match place {
            Some(place) => self.transfer(Direction::Read, place, in_pages, pages),
            None => {
                parts(pages, in_pages).for_each(|(page, part)| page.bytes(part).zero());
                Ok(())
            }
        })
    }

    fn reserve(&self, range: Range<u64>) -> Result<(), FsError> {
        self.0.reserve(range)
    }

    fn release(&self, offset: u64) {
        self.0.release(offset);
    }

    fn write(&self, range: Range<u64>, pages: &[SharedFrame]) -> Result<(), FsError> {
        self.each_extent(range, |place, in_pages| match place {
            Some(place) => self.transfer(Direction::Write, place, in_pages, pages),
            None => Ok(()),
        })
    }

    fn note_dirty(&self) -> Result<(), FsError> {
        self.0.note_changed()
    }
}
