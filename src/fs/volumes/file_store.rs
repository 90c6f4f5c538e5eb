//! The place of a file's pages on the disk.

use alloc::sync::Arc;
use core::ops::Range;

use super::node::Node;
use crate::block::device::Direction;
use crate::block::transfers::Transfers;
use crate::fs::error::FsError;
use crate::fs::page_cache::PAGE_BYTES;
use crate::fs::page_cache::store::PageStore;
use crate::mm::kernel::frames::{SharedFrame, parts};

/// The place of a file's pages on the disk.
pub(super) struct FileStore(pub(super) Arc<Node>);

impl FileStore {
    /// Calls `transfer` for each piece of `range` that is in one piece on the disk, with its place there, or
    /// `None` for a hole, with its bytes counted from the start of the page of the first one, and with
    /// `transfers`.
    fn each_extent<'a>(
        &'a self,
        range: Range<u64>,
        transfers: &mut Transfers<'a>,
        mut transfer: impl FnMut(Option<u64>, Range<u64>, &mut Transfers<'a>) -> Result<(), FsError>,
    ) -> Result<(), FsError> {
        let start = range.start - range.start % PAGE_BYTES;
        let mut at = range.start;
        while at < range.end {
            let (place, len_bytes) = match self.0.known(at)? {
                Some(piece) => (Some(piece.place), piece.len_bytes),
                None => {
                    // The volume is locked.
                    transfers.wait();
                    let extent = self.0.find(at, range.end - at)?;
                    (extent.place, extent.len_bytes)
                }
            };
            let end = at + len_bytes.min(range.end - at);
            transfer(place, at - start..end - start, transfers)?;
            at = end;
        }
        Ok(())
    }

    /// Begins to transfer the bytes of `range` of `pages`, counted from the start of the first one, at
    /// `place` on the disk.
    fn begin_transfer<'a>(
        &'a self,
        direction: Direction,
        place: u64,
        range: Range<u64>,
        pages: &[SharedFrame],
        transfers: &mut Transfers<'a>,
    ) -> Result<(), FsError> {
        let device = self.0.mounted().cache().device();
        let on_disk = place..place + (range.end - range.start);
        let frames = &pages[(range.start / PAGE_BYTES) as usize..];
        let offset = range.start % PAGE_BYTES;
        Ok(device.begin_transfer(direction, on_disk, frames, offset, transfers)?)
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
        let mut transfers = Transfers::new();
        let begun = self.each_extent(range, &mut transfers, |place, in_pages, transfers| {
            let Some(place) = place else {
                parts(pages, in_pages).for_each(|(page, part)| page.bytes(part).zero());
                return Ok(());
            };
            self.begin_transfer(Direction::Read, place, in_pages, pages, transfers)
        });
        let ended = transfers.finish();
        begun.and(Ok(ended?))
    }

    fn reserve(&self, range: Range<u64>) -> Result<(), FsError> {
        self.0.reserve(range)
    }

    fn release(&self, offset: u64) {
        self.0.release(offset);
    }

    fn begin_write<'a>(
        &'a self,
        range: Range<u64>,
        pages: &[SharedFrame],
        transfers: &mut Transfers<'a>,
    ) -> Result<(), FsError> {
        self.each_extent(range, transfers, |place, in_pages, transfers| match place {
            Some(place) => self.begin_transfer(Direction::Write, place, in_pages, pages, transfers),
            None => Ok(()),
        })
    }

    fn note_dirty(&self) -> Result<(), FsError> {
        self.0.note_changed()
    }
}
