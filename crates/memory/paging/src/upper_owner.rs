//! The owner of the upper half of the address space.

use crate::geometry::ENTRIES;

/// The first entry of a root that belongs to the upper half.
pub(crate) const UPPER_FIRST: usize = ENTRIES / 2;

/// The page table that owns the upper half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpperOwner {
    /// This one; its tables are made and freed as elsewhere.
    ThisPageTable,
    /// This one. Each entry of the root points to a table from the start, and always will.
    /// The entry itself counts as a use of that table, so that the table is never freed as
    /// empty.
    ThisPageTableForOthers,
    /// Another one: only the CPU uses these entries of the root.
    Another,
}
