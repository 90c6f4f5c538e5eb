//! Which page table the upper half of the address space belongs to.

use crate::geometry::ENTRIES;

/// The first entry of a root that is of the upper half.
pub(crate) const UPPER_FIRST: usize = ENTRIES / 2;

/// The page table that the upper half belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpperOwner {
    /// This one; tables come and go there as anywhere.
    ThisPageTable,
    /// This one. Each entry of the root points to a table from the start and for ever:
    /// it counts as one more use of that table, which so is never empty.
    ThisPageTableForOthers,
    /// Another one: entries of the root are only there for the processor.
    Another,
}
