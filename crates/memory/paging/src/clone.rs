//! Clones of an address space, with copy-on-write.

use x86_64::VirtAddr;

use crate::PagingError;
use crate::entry::GenericPTE;
use crate::flush::{Changes, Flush, Span};
use crate::geometry::{ENTRIES, PagingMetaData, span_bytes};
use crate::leaf::Leaf;
use crate::page_table::PageTable64;
use crate::tables::{PagingHandler, Table};
use crate::upper_owner::{UPPER_FIRST, UpperOwner};

/// The clone's entry for a page of the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnClone {
    /// The same frame with the same rights, or the same software payload.
    Share,
    /// The same frame. If the page is writable, both mappings lose WRITE and get
    /// COPY_ON_WRITE; otherwise as [`Share`](Self::Share).
    CopyOnWrite,
    /// No entry.
    Skip,
}

impl<M: PagingMetaData, PTE: GenericPTE, H: PagingHandler> PageTable64<M, PTE, H> {
    /// Clones this page table. For each page of the lower half, `decide` chooses the
    /// clone's entry. The clone shares the upper half if that [can be
    /// shared](Self::upper_half); otherwise its upper half is empty. ACCESSED and DIRTY are
    /// clear in the clone's pages.
    ///
    /// `decide` is called once for each page and each software payload, in rising order.
    /// All tables of the clone are allocated before the first call. After that nothing can
    /// fail, so `decide` can count references to frames.
    ///
    /// The flush is for pages that have lost WRITE: before it, a CPU may still write to
    /// them through this page table.
    ///
    /// # Errors
    /// [`PagingError::NoMemory`], before the first call of `decide`.
    pub fn try_clone_lower_half(
        &mut self,
        handler: H,
        mut decide: impl FnMut(VirtAddr, Leaf<PTE>) -> OnClone,
    ) -> Result<(Self, Flush<'_, H>), PagingError> {
        let clone = match self.upper_half() {
            Some(upper_half) => Self::try_new_sharing(handler, &upper_half)?,
            None => Self::try_new_with(handler, UpperOwner::ThisPageTable)?,
        };
        let (root, new_root) = (self.tables.root(), clone.tables.root());
        // If this fails, the tables made so far are freed with the clone.
        self.new_tables_like(root, M::LEVELS, ENTRIES, &clone, new_root)
            .ok_or(PagingError::NoMemory)?;
        let mut changes = Changes::default();
        let mut cloning = Cloning { clone: &clone, changes: &mut changes, decide: &mut decide };
        self.clone_leaves(root, (M::LEVELS, ENTRIES), 0, new_root, &mut cloning);
        Ok((clone, Flush::new(&self.tables.handler, changes)))
    }

    /// For each table below `table` of `level`, which has up to `used` entries in use, makes a
    /// table of `clone` at the same position below `new`. `None` if memory runs out.
    fn new_tables_like(
        &self,
        table: Table<'_>,
        level: usize,
        used: usize,
        clone: &Self,
        new: Table<'_>,
    ) -> Option<()> {
        if level == 1 {
            return Some(());
        }
        for index in Self::used_in_lower_half(table, level, used) {
            let entry: PTE = table.load(index);
            if entry.is_table() {
                let pointer = PTE::new_table(clone.tables.new_child()?);
                new.store(index, pointer);
                let (child, new_child) = (self.tables.child(entry), clone.tables.child(pointer));
                self.new_tables_like(child, level - 1, entry.used(), clone, new_child)?;
            }
        }
        Some(())
    }

    /// Fills the clone's table `new` from `table` of `level`, which translates the addresses
    /// from `base` on and has up to `in_use` entries in use. Returns the number of entries in use.
    fn clone_leaves(
        &self,
        table: Table<'_>,
        (level, in_use): (usize, usize),
        base: u64,
        new: Table<'_>,
        cloning: &mut Cloning<'_, Self, impl FnMut(VirtAddr, Leaf<PTE>) -> OnClone>,
    ) -> usize {
        let mut used = 0;
        let mut changed = Span::new();
        let span_bytes = span_bytes(level);
        for index in Self::used_in_lower_half(table, level, in_use) {
            let entry: PTE = table.load(index);
            let vaddr = base + index as u64 * span_bytes;
            let copy = if level > 1 && entry.is_table() {
                let (child, mut pointer) = (self.tables.child(entry), new.load::<PTE>(index));
                let (frame, new_child) = (pointer.paddr(), cloning.clone.tables.child(pointer));
                let count =
                    self.clone_leaves(child, (level - 1, entry.used()), vaddr, new_child, cloning);
                pointer.set_used(count);
                if count == 0 {
                    pointer.clear();
                    cloning.clone.tables.handler.dealloc_frame(frame);
                }
                pointer
            } else {
                let leaf = Leaf::new(entry, level);
                let on_clone = (cloning.decide)(VirtAddr::new_truncate(vaddr), leaf);
                let is_huge = level > 1;
                let mut copy = entry;
                if on_clone == OnClone::CopyOnWrite && entry.is_writable() {
                    table.update(index, |mut entry: PTE| {
                        entry.set_copy_on_write(is_huge);
                        entry
                    });
                    if entry.is_present() {
                        changed.push(vaddr);
                    }
                    copy.set_copy_on_write(is_huge);
                }
                match on_clone {
                    OnClone::Skip => PTE::from_bits(0),
                    _ if copy.is_page() => copy.as_new(is_huge),
                    _ => copy,
                }
            };
            new.store(index, copy);
            used += usize::from(!copy.is_unused());
        }
        cloning.changes.note_span(changed, level);
        used
    }

    /// Returns the indexes of the entries in use of a table of `level` that belong to the lower
    /// half, if the table translates addresses of the lower half; up to `used` of them.
    fn used_in_lower_half(
        table: Table<'_>,
        level: usize,
        used: usize,
    ) -> impl Iterator<Item = usize> {
        let mut indexes = 0..if level == M::LEVELS { UPPER_FIRST } else { ENTRIES };
        let next = move || {
            let index = table.next_used(indexes.clone())?;
            indexes.start = index + 1;
            Some(index)
        };
        core::iter::from_fn(next).take(used)
    }
}

/// The clone while it is filled, the changes in the original, and the `decide` function.
struct Cloning<'a, T, D> {
    clone: &'a T,
    changes: &'a mut Changes,
    decide: &'a mut D,
}
