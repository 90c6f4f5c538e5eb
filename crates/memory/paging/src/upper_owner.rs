//! The owner of the upper half of the address space.

use crate::geometry::ENTRIES;

/// The first entry of a root that belongs to the upper half.
pub(crate) const UPPER_FIRST: usize = ENTRIES / 2;

/// The page table that owns the upper half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpperOwner {
    /// This one. Its tables are made and freed like those of the lower half.
    ThisPageTable,
    /// This one, and others share it. Each entry of the root always points to a table.
    /// The entry itself counts as a use of that table, so the table is never freed as
    /// empty.
    ThisPageTableForOthers,
    /// Another one. Only the CPU uses these entries of the root.
    Another,
}
