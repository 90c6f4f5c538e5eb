//! The place of a file's pages on the disk.

use alloc::sync::Arc;
use core::ops::Range;

use volume::{Extent, MapFor};

use super::node::Node;
use crate::block::device::Direction;
use crate::fs::error::FsError;
use crate::fs::page_cache::PAGE_BYTES;
use crate::fs::page_cache::store::PageStore;
use crate::mm::kernel::frames::{Purpose, SharedFrame};

/// The place of a file's pages on the disk.
pub(super) struct FileStore(pub(super) Arc<Node>);

/// Calls `action` with each frame that has bytes of `range`, which counts from the start of the first
/// frame, and with the part of the frame.
fn each_part(
    pages: &[SharedFrame],
    range: Range<u64>,
    mut action: impl FnMut(&SharedFrame, Range<usize>) -> Result<(), FsError>,
) -> Result<(), FsError> {
    let mut at = range.start;
    while at < range.end {
        let start = (at % PAGE_BYTES) as usize;
        let end = (PAGE_BYTES as usize).min(start + (range.end - at) as usize);
        action(&pages[(at / PAGE_BYTES) as usize], start..end)?;
        at += (end - start) as u64;
    }
    Ok(())
}

impl FileStore {
    fn map(&self, offset: u64, len: u64, purpose: MapFor) -> Result<Extent, FsError> {
        let node = self.0.id();
        self.0.mounted().with(|volume| Ok(volume.map(node, offset, len, purpose)?))
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
        let first = (range.start / PAGE_BYTES) as usize;
        if range.start.is_multiple_of(PAGE_BYTES) {
            let on_disk = place..place + (range.end - range.start);
            return Ok(device.transfer(direction, on_disk, &pages[first..])?);
        }
        // A transfer begins at the start of a page in memory, so a part goes by another page.
        let bounce = SharedFrame::try_allocate(Purpose::Files).ok_or(FsError::NoMemory)?;
        let frames = core::slice::from_ref(&bounce);
        let mut place = place;
        each_part(pages, range, |page, part| {
            let len = part.len();
            let on_disk = place..place + len as u64;
            place = on_disk.end;
            match direction {
                Direction::Read => {
                    device.transfer(direction, on_disk, frames)?;
                    page.bytes(part).copy_from(bounce.bytes(0..len));
                }
                Direction::Write => {
                    bounce.bytes(0..len).copy_from(page.bytes(part));
                    device.transfer(direction, on_disk, frames)?;
                }
            }
            Ok(())
        })
    }
}

impl PageStore for FileStore {
    fn size_bytes(&self) -> u64 {
        self.0.size_bytes()
    }

    fn read(&self, first: u64, pages: &[SharedFrame]) -> Result<(), FsError> {
        let len = pages.len() as u64 * PAGE_BYTES;
        let mut done = 0;
        while done < len {
            let extent = self.map(first * PAGE_BYTES + done, len - done, MapFor::Find)?;
            let end = done + extent.len_bytes.min(len - done);
            match extent.place {
                Some(place) => self.transfer(Direction::Read, place, done..end, pages)?,
                None => each_part(pages, done..end, |page, part| {
                    page.bytes(part).zero();
                    Ok(())
                })?,
            }
            done = end;
        }
        Ok(())
    }

    fn reserve(&self, range: Range<u64>) -> Result<(), FsError> {
        self.0.reserve(range)
    }

    fn release(&self, offset: u64) {
        self.0.release(offset);
    }

    fn write(&self, range: Range<u64>, pages: &[SharedFrame]) -> Result<(), FsError> {
        let start = range.start - range.start % PAGE_BYTES;
        let mut at = range.start;
        while at < range.end {
            let extent = self.map(at, range.end - at, MapFor::Find)?;
            let end = at + extent.len_bytes.min(range.end - at);
            if let Some(place) = extent.place {
                self.transfer(Direction::Write, place, at - start..end - start, pages)?;
            }
            at = end;
        }
        Ok(())
    }

    fn note_dirty(&self) -> Result<(), FsError> {
        self.0.note_changed()
    }
}
