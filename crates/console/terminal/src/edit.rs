//! Erasing, inserting and deleting.
//!
//! Each function ends a pending wrap, and does not move the cursor.

use core::ops::Range;

use crate::screen::Screen;

impl Screen {
    /// Erases (ED): 0: from the cursor to the end of the screen; 1: from the start to the
    /// cursor; 2: the whole screen; 3: the rows that scrolled off the screen.
    pub(crate) fn erase_screen(&mut self, what: usize) {
        let rows = self.grid().size().0;
        let row = self.cursor.row;
        match what {
            0 => self.erase_rows(row + 1..rows),
            1 => self.erase_rows(0..row),
            2 => self.erase_rows(0..rows),
            3 => self.grid_mut().forget(),
            _ => {}
        }
        if what < 2 {
            self.erase_row(what);
        }
    }

    /// Erases in the cursor's row (EL): 0: from the cursor to the end; 1: from the start
    /// to the cursor; 2: the whole row.
    pub(crate) fn erase_row(&mut self, what: usize) {
        let (column, columns) = (self.cursor.column, self.grid().size().1);
        match what {
            0 => self.erase_columns(column..columns),
            1 => self.erase_columns(0..column + 1),
            2 => self.erase_columns(0..columns),
            _ => {}
        }
    }

    /// Erases `count` cells from the cursor on (ECH).
    pub(crate) fn erase_cells(&mut self, count: usize) {
        let column = self.cursor.column;
        let end = column.saturating_add(count).min(self.grid().size().1);
        self.erase_columns(column..end);
    }

    /// Inserts erased cells at the cursor (ICH); cells that move beyond the last column
    /// are lost.
    pub(crate) fn insert_cells(&mut self, count: usize) {
        let (column, columns) = (self.cursor.column, self.grid().size().1);
        let count = count.min(columns - column);
        self.cursor_row().copy_within(column..columns - count, column + count);
        self.erase_columns(column..column + count);
    }

    /// Deletes cells at the cursor (DCH); the row is filled with erased cells at its end.
    pub(crate) fn delete_cells(&mut self, count: usize) {
        let (column, columns) = (self.cursor.column, self.grid().size().1);
        let count = count.min(columns - column);
        self.cursor_row().copy_within(column + count.., column);
        self.erase_columns(columns - count..columns);
    }

    /// Inserts erased rows at the cursor's row (IL), if that is in the region.
    pub(crate) fn insert_rows(&mut self, count: usize) {
        if let Some(rows) = self.rows_to_scroll() {
            let erased = self.cursor.erased();
            self.grid_mut().scroll_down(rows, count, erased);
        }
    }

    /// Deletes rows from the cursor's row on (DL), if that is in the region.
    pub(crate) fn delete_rows(&mut self, count: usize) {
        if let Some(rows) = self.rows_to_scroll() {
            let erased = self.cursor.erased();
            self.grid_mut().scroll_up(rows, count, erased);
        }
    }

    /// Returns the rows from the cursor to the region's end, if the cursor is in the
    /// region.
    fn rows_to_scroll(&mut self) -> Option<Range<usize>> {
        let ((top, bottom), row) = (self.region, self.cursor.row);
        if !(top..=bottom).contains(&row) {
            return None;
        }
        self.cursor.is_wrap_pending = false;
        Some(row..bottom + 1)
    }

    fn cursor_row(&mut self) -> &mut [crate::Cell] {
        let row = self.cursor.row;
        self.grid_mut().row_mut(row)
    }

    fn erase_columns(&mut self, columns: Range<usize>) {
        self.cursor.is_wrap_pending = false;
        let erased = self.cursor.erased();
        self.cursor_row()[columns].fill(erased);
    }

    fn erase_rows(&mut self, rows: Range<usize>) {
        self.cursor.is_wrap_pending = false;
        let erased = self.cursor.erased();
        self.grid_mut().fill(rows, erased);
    }
}
