//! Movements of the cursor, and scrolling.

use crate::screen::Screen;

impl Screen {
    /// Moves down a row; in the region's last row it scrolls the region. Below the region
    /// it stops at the last row of the screen.
    pub(crate) fn line_feed(&mut self) {
        self.cursor.is_wrap_pending = false;
        if self.cursor.row == self.region.1 {
            self.scroll_up(1);
        } else if self.cursor.row < self.last_cell().0 {
            self.cursor.row += 1;
        }
    }

    /// Moves up a row; in the region's first row it scrolls the region. Above the region
    /// it stops at the first row of the screen.
    pub(crate) fn reverse_line_feed(&mut self) {
        self.cursor.is_wrap_pending = false;
        if self.cursor.row == self.region.0 {
            self.scroll_down(1);
        } else {
            self.cursor.row = self.cursor.row.saturating_sub(1);
        }
    }

    /// Scrolls the region up. If the region is the whole primary screen, rows that leave it
    /// are kept.
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

    /// Moves to a row and column, counted from 0. With DECOM rows count from the region's
    /// top. Stops at the last row and column.
    pub(crate) fn go_to(&mut self, row: usize, column: usize) {
        let (last_row, last_column) = self.last_cell();
        let (top, bottom) = if self.cursor.is_origin { self.region } else { (0, last_row) };
        let row = row.saturating_add(top).min(bottom);
        self.cursor.place(row, column.min(last_column));
    }

    /// Moves to a row, as [`go_to`](Self::go_to), in the same column.
    pub(crate) fn go_to_row(&mut self, row: usize) {
        self.go_to(row, self.cursor.column);
    }

    /// Moves to a column of the same row; at most the last.
    pub(crate) fn go_to_column(&mut self, column: usize) {
        let last = self.last_cell().1;
        self.cursor.place(self.cursor.row, column.min(last));
    }

    /// Moves up, at most to the region's top or, from above the region, the screen's.
    pub(crate) fn go_up(&mut self, count: usize) {
        let row = self.cursor.row;
        let top = if row >= self.region.0 { self.region.0 } else { 0 };
        self.cursor.place(row.saturating_sub(count).max(top), self.cursor.column);
    }

    /// Moves down, at most to the region's end or, from below the region, the screen's.
    pub(crate) fn go_down(&mut self, count: usize) {
        let row = self.cursor.row;
        let bottom = if row <= self.region.1 { self.region.1 } else { self.last_cell().0 };
        self.cursor.place(row.saturating_add(count).min(bottom), self.cursor.column);
    }

    /// Moves left.
    pub(crate) fn go_left(&mut self, count: usize) {
        self.go_to_column(self.cursor.column.saturating_sub(count));
    }

    /// Moves right.
    pub(crate) fn go_right(&mut self, count: usize) {
        self.go_to_column(self.cursor.column.saturating_add(count));
    }

    /// Moves to the next tab stop, or the last column. A pending wrap stays pending.
    pub(crate) fn tab(&mut self, count: usize) {
        for _ in 0..count.min(self.grid().size().1) {
            self.cursor.column = self.tabs.next(self.cursor.column);
        }
    }

    /// Moves back to the previous tab stop, or the first column.
    pub(crate) fn tab_back(&mut self, count: usize) {
        for _ in 0..count.min(self.grid().size().1) {
            self.go_to_column(self.tabs.previous(self.cursor.column));
        }
    }

    /// Saves the cursor, its style, its character sets and DECOM.
    pub(crate) fn save_cursor(&mut self) {
        self.saved[self.which as usize] = self.cursor;
    }

    /// Restores the saved state, or the initial state if none was saved.
    pub(crate) fn restore_cursor(&mut self) {
        self.cursor = self.saved[self.which as usize];
        if self.cursor.is_origin {
            // The region may have changed since the save.
            self.cursor.row = self.cursor.row.clamp(self.region.0, self.region.1);
        }
    }
}
