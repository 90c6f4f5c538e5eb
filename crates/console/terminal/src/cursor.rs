//! The cursor, and the state that is saved with it.

use crate::charset::Charsets;
use crate::{Cell, Style};

/// The place and the style of the next character: the state that DECSC saves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) row: usize,
    pub(crate) column: usize,
    /// A character was written to the last column; the next one is written to the next row.
    pub(crate) is_wrap_pending: bool,
    /// DECOM: rows are counted from the region's top, and the cursor stays within the
    /// region.
    pub(crate) is_origin: bool,
    pub(crate) style: Style,
    pub(crate) charsets: Charsets,
}

impl Cursor {
    /// Returns an erased cell.
    pub(crate) fn erased(&self) -> Cell {
        Cell::erased(self.style)
    }

    /// Moves to a cell.
    pub(crate) fn place(&mut self, row: usize, column: usize) {
        (self.row, self.column, self.is_wrap_pending) = (row, column, false);
    }
}
