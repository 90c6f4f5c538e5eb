//! The pages of an object that one page fault maps: the page of the fault, and on a read also those
//! around it that are in memory. Programs mostly read a file in one direction, so each of these
//! pages saves a fault.
//!
//! Source: Linux, Documentation/admin-guide/mm/concepts.rst and mm/memory.c, `do_fault_around`; the
//! size is Linux's default.

use ::address_space::Region;
use heapless::Vec;
use paging::MappingFlags;
use x86_64::VirtAddr;

use super::backing::{Backing, MappedObject};
use super::page_table::{PAGE_BYTES, UserPageTable};
use crate::mm::kernel::frames::SharedFrame;

/// The most pages that a fault maps. A block of them lies in one page table.
const PAGES: usize = 16;

const BLOCK_BYTES: u64 = PAGES as u64 * PAGE_BYTES;

/// The pages around the page of a fault.
pub(super) struct FaultAround {
    /// The first page.
    start: VirtAddr,
    /// The position of the page of the fault.
    own: usize,
    /// The frames of the pages that are in memory, from the first page on.
    frames: Vec<Option<SharedFrame>, PAGES>,
}

impl FaultAround {
    /// Finds the pages for a fault at `page` of `region`, which has the page `index` of `object`.
    /// Takes only spin locks.
    pub(super) fn find(
        region: &Region<Backing>,
        page: VirtAddr,
        object: &dyn MappedObject,
        index: u64,
        is_write: bool,
    ) -> Self {
        let (mut start, mut end) = (page, page + PAGE_BYTES);
        if !is_write {
            let block = page.align_down(BLOCK_BYTES);
            start = block.max(region.range().start());
            end = (block + BLOCK_BYTES).min(region.range().end());
        }
        let own = (page - start) / PAGE_BYTES;
        let first = index - own;
        let mut frames = Vec::new();
        object.resident_pages(first..first + (end - start) / PAGE_BYTES, &mut |frame| {
            // A block has no more pages.
            _ = frames.push(frame);
        });
        Self { start, own: own as usize, frames }
    }

    /// Takes the frame of the page of the fault.
    pub(super) fn take_own(&mut self) -> Option<SharedFrame> {
        self.frames.get_mut(self.own)?.take()
    }

    /// Maps the other pages, where nothing is mapped.
    pub(super) fn map_others(mut self, table: &UserPageTable, flags: MappingFlags) {
        if self.frames.len() > 1 {
            table.map_beside(self.start, &mut self.frames, flags);
        }
    }
}
