//! Splitting large pages at the ends of a range.

use core::ops::ControlFlow;

use x86_64::PhysAddr;

use crate::PagingError;
use crate::entry::GenericPTE;
use crate::flush::Changes;
use crate::geometry::{ENTRIES, PagingMetaData, span_bytes};
use crate::page_table::PageTable64;
use crate::region::AddressRange;
use crate::tables::PagingHandler;

impl<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> PageTable64<M, PTE, H> {
    /// Splits the large pages that cross an end of the range: all of them, or none.
    pub(crate) fn split_ends(
        &self,
        range: AddressRange,
        changes: &mut Changes,
    ) -> Result<(), PagingError> {
        let ends = [Some(range.first), range.last.checked_add(1)];
        // The pages to split: (level, first address). Each end needs at most two.
        let mut splits = [None; 4];
        let mut count = 0;
        for end in ends.into_iter().flatten().filter(|&end| M::vaddr_is_valid(end)) {
            let found = self.find(end, 1);
            if found.entry.is_unused() {
                continue;
            }
            for level in (2..=found.level).rev() {
                let split = Some((level, end & !(span_bytes(level) - 1)));
                if !end.is_multiple_of(span_bytes(level)) && !splits.contains(&split) {
                    splits[count] = split;
                    count += 1;
                }
            }
        }

        let mut frames = [None; 4];
        let reserved = frames[..count].iter_mut().try_for_each(|slot| {
            *slot = self.tables.new_child();
            if slot.is_some() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if reserved.is_break() {
            frames.iter().flatten().for_each(|&frame| self.tables.handler.dealloc_frame(frame));
            return Err(PagingError::NoMemory);
        }
        for ((level, page), frame) in splits.into_iter().flatten().zip(frames.into_iter().flatten())
        {
            if self.split(page, level, frame) {
                changes.note(page, level);
            }
        }
        Ok(())
    }

    /// Replaces the large page at `page` by a table in `frame`, which maps the same
    /// memory by pages of the next smaller size. Returns whether the large page was
    /// present.
    fn split(&self, page: u64, level: usize, frame: PhysAddr) -> bool {
        let found = self.find(page, level);
        let mut pointer = PTE::new_table(frame);
        pointer.set_used(ENTRIES);
        let child = self.tables.child(pointer);
        for index in 0..ENTRIES {
            let offset_bytes = index as u64 * span_bytes(level - 1);
            child.store(index, found.entry.part(offset_bytes, level - 1 > 1));
        }
        // ACCESSED and DIRTY, if the CPU has set them in the large page since its entry was
        // read.
        let recorded = found.table.swap(found.index, pointer).bits() & !found.entry.bits();
        if recorded != 0 {
            child.set_in_all(recorded);
        }
        found.entry.is_present()
    }
}
