//! Moving the cursor, and scrolling where it can't move.

use crate::screen::Screen;

impl Screen {
    /// Goes down a row; scrolls the region at its end. Below the region it stops at the
    /// end of the screen.
    pub(crate) fn line_feed(&mut self) {
        self.cursor.is_wrap_pending = false;
        if self.cursor.row == self.region.1 {
            self.scroll_up(1);
        } else if self.cursor.row < self.last_cell().0 {
            self.cursor.row += 1;
        }
    }

    /// Goes up a row; scrolls the region at its top. Above the region it stops at the top
    /// of the screen.
    pub(crate) fn reverse_line_feed(&mut self) {
        self.cursor.is_wrap_pending = false;
        if self.cursor.row == self.region.0 {
            self.scroll_down(1);
        } else {
            self.cursor.row = self.cursor.row.saturating_sub(1);
        }
    }

    /// Scrolls the region up. What leaves the screen is kept, if the region is all of it;
    /// the second screen has no room for that.
    pub(crate) fn scroll_up(&mut self, count: usize) {
        let (top, bottom) = self.region;
        let erased = self.cursor.erased();
        if self.region == (0, self.last_cell().0) {
            self.grid_mut().advance(count, erased);
        } else {
            self.grid_mut().scroll_up(top..bottom + 1, count, erased);
        }
    }

    /// Scrolls the region down.
    pub(crate) fn scroll_down(&mut self, count: usize) {
        let (top, bottom) = self.region;
        let erased = self.cursor.erased();
        self.grid_mut().scroll_down(top..bottom + 1, count, erased);
    }

    /// Goes to a row and column, counted from 0 and, with DECOM, from the region's top;
    /// as far as they exist.
    pub(crate) fn go_to(&mut self, row: usize, column: usize) {
        let (last_row, last_column) = self.last_cell();
        let (top, bottom) = if self.cursor.is_origin { self.region } else { (0, last_row) };
        let row = row.saturating_add(top).min(bottom);
        self.cursor.place(row, column.min(last_column));
    }

    /// Goes to a row, as [`go_to`](Self::go_to), in the same column.
    pub(crate) fn go_to_row(&mut self, row: usize) {
        self.go_to(row, self.cursor.column);
    }

    /// Goes to a column of the same row, as far as it exists.
    pub(crate) fn go_to_column(&mut self, column: usize) {
        let last = self.last_cell().1;
        self.cursor.place(self.cursor.row, column.min(last));
    }

    /// Goes up, to the region's top or, from above it, to the screen's.
    pub(crate) fn go_up(&mut self, count: usize) {
        let row = self.cursor.row;
        let top = if row >= self.region.0 { self.region.0 } else { 0 };
        self.cursor.place(row.saturating_sub(count).max(top), self.cursor.column);
    }

    /// Goes down, to the region's end or, from below it, to the screen's.
    pub(crate) fn go_down(&mut self, count: usize) {
        let row = self.cursor.row;
        let bottom = if row <= self.region.1 { self.region.1 } else { self.last_cell().0 };
        self.cursor.place(row.saturating_add(count).min(bottom), self.cursor.column);
    }

    /// Goes left.
    pub(crate) fn go_left(&mut self, count: usize) {
        self.go_to_column(self.cursor.column.saturating_sub(count));
    }

    /// Goes right.
    pub(crate) fn go_right(&mut self, count: usize) {
        self.go_to_column(self.cursor.column.saturating_add(count));
    }

    /// Goes to the next tab stop, or the last column. Where a wrap is pending it stays so.
    pub(crate) fn tab(&mut self, count: usize) {
        for _ in 0..count.min(self.grid().size().1) {
            self.cursor.column = self.tabs.next(self.cursor.column);
        }
    }

    /// Goes back to a tab stop, or the first column.
    pub(crate) fn tab_back(&mut self, count: usize) {
        for _ in 0..count.min(self.grid().size().1) {
            self.go_to_column(self.tabs.previous(self.cursor.column));
        }
    }

    /// Saves the cursor, its style, its character sets and DECOM.
    pub(crate) fn save_cursor(&mut self) {
        self.saved[self.which as usize] = self.cursor;
    }

    /// Puts back what was saved; if nothing was, the cursor goes home as at the start.
    pub(crate) fn restore_cursor(&mut self) {
        self.cursor = self.saved[self.which as usize];
        if self.cursor.is_origin {
            // The region may be another by now.
            self.cursor.row = self.cursor.row.clamp(self.region.0, self.region.1);
        }
    }
}
