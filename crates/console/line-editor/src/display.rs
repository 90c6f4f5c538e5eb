//! The row that shows the line, and the output that updates it.

use heapless::Vec;

use crate::terminal::{SHORT_MOVE_CELLS, Terminal};

/// The least number of columns.
pub const COLUMNS_MIN: usize = 16;
/// The most columns that are used, even on wider terminals.
pub const COLUMNS_MAX: usize = 256;

/// The columns of a terminal of unknown size.
const COLUMNS_USUAL: usize = 80;
/// Shown in the first cell if there is text to the left of the row.
const MORE_LEFT: char = '<';
/// Shown in the last cell if there is text to the right of the row.
const MORE_RIGHT: char = '>';

/// The row that shows the line.
///
/// It shows the cells of a text from `first` on. The last column stays empty, because
/// terminals differ in the cursor's position after a character is written there.
pub(crate) struct Display {
    columns: usize,
    /// The shown characters, from column 0 on.
    row: Vec<char, COLUMNS_MAX>,
    /// The column of the cursor.
    column: usize,
    /// The cell of the text that is at column 0.
    first: usize,
}

impl Display {
    /// Returns an empty row, with the cursor at its start.
    pub(crate) const fn new() -> Self {
        Self { columns: COLUMNS_USUAL, row: Vec::new(), column: 0, first: 0 }
    }

    /// Sets the number of the terminal's columns.
    pub(crate) fn set_columns(&mut self, columns: usize) {
        self.columns = columns.clamp(COLUMNS_MIN, COLUMNS_MAX);
    }

    /// Returns the number of cells of a row that can be written.
    pub(crate) fn width(&self) -> usize {
        self.columns - 1
    }

    /// Resets the row: the cursor is at the start of an empty row.
    pub(crate) fn forget(&mut self) {
        self.row.clear();
        self.column = 0;
        self.first = 0;
    }

    /// Shows `before` and `after`, with the cursor between them. Writes only the
    /// differences from the row's content.
    pub(crate) fn show(&mut self, before: &[&str], after: &str, terminal: &mut Terminal<'_>) {
        let text = || before.iter().chain([&after]).flat_map(|piece| piece.chars());
        let len = text().count();
        let cursor = len - after.chars().count();
        self.first = self.first_cell(len, cursor);

        let mut row: Vec<char, COLUMNS_MAX> = text().skip(self.first).take(self.width()).collect();
        if self.first > 0 {
            row[0] = MORE_LEFT;
        }
        if len > self.first + self.width() {
            row[self.width() - 1] = MORE_RIGHT;
        }
        let is_changed = |&column: &usize| self.row.get(column) != Some(&row[column]);
        let changed = (0..row.len()).find(is_changed).zip((0..row.len()).rfind(is_changed));
        let old_len = core::mem::replace(&mut self.row, row).len();
        if let Some((start, last)) = changed {
            self.move_to(start, terminal);
            self.rewrite_to(last + 1, terminal);
        }
        self.clear(old_len.saturating_sub(self.row.len()), terminal);
        self.move_to(cursor - self.first, terminal);
    }

    /// Clears the row and moves the cursor to its start.
    pub(crate) fn hide(&mut self, terminal: &mut Terminal<'_>) {
        self.show(&[], "", terminal);
    }

    /// Moves the cursor to the end of the text, or as far to the right as leaves room for
    /// `room` cells after it.
    pub(crate) fn move_to_end(&mut self, room: usize, terminal: &mut Terminal<'_>) {
        self.move_to(self.row.len().min(self.width() - room), terminal);
    }

    /// Returns the first cell to show of a text of `len` cells: the same as before if the
    /// cursor is then visible, otherwise one that puts the cursor in the middle.
    fn first_cell(&self, len: usize, cursor: usize) -> usize {
        let width = self.width();
        if len <= width {
            return 0;
        }
        // Each mark takes a cell.
        let start = if self.first == 0 { 0 } else { self.first + 1 };
        let end = if len > self.first + width { self.first + width - 2 } else { len };
        if (start..=end).contains(&cursor) { self.first } else { cursor.saturating_sub(width / 2) }
    }

    /// Moves the cursor to a column. The row's content is up to date up to that column.
    fn move_to(&mut self, column: usize, terminal: &mut Terminal<'_>) {
        match (self.column, column) {
            (from, to) if from == to => {}
            (2.., 0) => terminal.go_to_start(),
            (from, to) if from > to => terminal.left(from - to),
            (from, to) if to - from <= SHORT_MOVE_CELLS => self.rewrite_to(to, terminal),
            (from, to) => terminal.right(to - from),
        }
        self.column = column;
    }

    /// Writes the row's cells from the cursor up to `column`.
    fn rewrite_to(&mut self, column: usize, terminal: &mut Terminal<'_>) {
        self.row[self.column..column].iter().for_each(|&c| terminal.put(c));
        self.column = column;
    }

    /// Clears `cells` cells after the cursor; all cells after these are empty.
    fn clear(&mut self, cells: usize, terminal: &mut Terminal<'_>) {
        if cells == 0 {
            return;
        }
        self.move_to(self.row.len(), terminal);
        if cells == 1 {
            terminal.put(' ');
            self.column += 1;
        } else {
            terminal.clear_rest();
        }
    }
}
