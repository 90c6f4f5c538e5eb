//! The upper half of the address space, which all page tables share: one owns it, and the
//! roots of the others have copies of its entries.

use crate::PagingError;
use crate::entry::GenericPTE;
use crate::geometry::{ENTRIES, PagingMetaData};
use crate::page_table::PageTable64;
use crate::tables::PagingHandler;
use crate::upper_owner::{UPPER_FIRST, UpperOwner};

/// The entries of a root for the upper half.
#[derive(Clone, Copy, Debug)]
pub struct UpperHalf<PTE>([PTE; ENTRIES - UPPER_FIRST]);

impl<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> PageTable64<M, PTE, H> {
    /// Makes a page table that maps nothing and whose upper half can be shared: all 256
    /// tables that the root points to for it are made at once, and are freed only when the
    /// page table is dropped.
    ///
    /// # Errors
    /// [`PagingError::NoMemory`].
    pub fn try_new_with_upper_half(handler: H) -> Result<Self, PagingError> {
        let page_table = Self::try_new_with(handler, UpperOwner::ThisPageTableForOthers)?;
        let root = page_table.tables.root();
        for index in UPPER_FIRST..ENTRIES {
            // If this fails, the tables made so far are freed with the page table.
            let frame = page_table.tables.new_child().ok_or(PagingError::NoMemory)?;
            let mut pointer = PTE::new_table(frame);
            pointer.set_used(1);
            root.store(index, pointer);
        }
        Ok(page_table)
    }

    /// Returns the entries of the upper half for other roots; `None` if these entries may
    /// change. Only page tables made [with an upper half](Self::try_new_with_upper_half),
    /// or [sharing](Self::try_new_sharing) one, keep them unchanged.
    pub fn upper_half(&self) -> Option<UpperHalf<PTE>> {
        if self.upper_owner == UpperOwner::ThisPageTable {
            return None;
        }
        let root = self.tables.root();
        let entry = |index| PTE::new_table(root.load::<PTE>(UPPER_FIRST + index).paddr());
        Some(UpperHalf(core::array::from_fn(entry)))
    }

    /// Makes a page table that maps nothing in its lower half and shares the upper half of
    /// another page table, with all its later changes. Operations on addresses there fail
    /// with [`PagingError::NotOwned`], and walks skip them.
    ///
    /// No CPU may use this page table after the other one is dropped.
    ///
    /// # Errors
    /// [`PagingError::NoMemory`].
    pub fn try_new_sharing(handler: H, upper_half: &UpperHalf<PTE>) -> Result<Self, PagingError> {
        let page_table = Self::try_new_with(handler, UpperOwner::Another)?;
        let root = page_table.tables.root();
        for (index, &entry) in upper_half.0.iter().enumerate() {
            root.store(UPPER_FIRST + index, entry);
        }
        Ok(page_table)
    }

    /// Returns the number of entries of a table of `level` that this page table owns; they
    /// are the first ones.
    #[inline]
    pub(crate) fn owned_entries(&self, level: usize) -> usize {
        let is_part = level == M::LEVELS && self.upper_owner == UpperOwner::Another;
        if is_part { UPPER_FIRST } else { ENTRIES }
    }

    /// Returns whether an entry of a table of `level` points to an empty table that is kept
    /// only for other page tables.
    #[inline]
    pub(crate) fn is_kept_empty(&self, level: usize, index: usize, entry: PTE) -> bool {
        level == M::LEVELS
            && index >= UPPER_FIRST
            && self.upper_owner == UpperOwner::ThisPageTableForOthers
            && entry.used() == 1
    }
}
