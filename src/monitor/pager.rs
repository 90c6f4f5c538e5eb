//! Output that waits for a key after each screen.

use core::fmt;

use line_editor::Key;

use crate::console;

const QUESTION: &str = "-- more: Space, Enter, End, q --";
/// Erases the question.
const NO_QUESTION: &str = "\r\x1B[K";

/// Counts the rows of output, and waits for a key when the screen is full.
pub(super) struct Pager {
    rows: usize,
    columns: usize,
    /// The number of used cells in the current row. If it equals `columns`, the next character
    /// starts a new row.
    column: usize,
    /// The number of rows until the next question; `None` if there are no further questions.
    rows_left: Option<usize>,
}

impl Pager {
    /// Makes a pager for the console's size; one row is for the question.
    pub(super) fn new() -> Self {
        let (rows, columns) = console::size();
        let rows = rows.saturating_sub(1).max(1);
        Self { rows, columns, column: 0, rows_left: Some(rows) }
    }

    /// Shows `text`; stops if the user ends the output.
    ///
    /// # Errors
    /// [`fmt::Error`] if the user has ended it.
    pub(super) fn write(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while !rest.is_empty() {
            if self.is_full_for(rest) {
                self.ask()?;
            }
            console::write(self.take(&mut rest));
        }
        Ok(())
    }

    /// Starts a new row if `text` needs one. Returns whether the pager has to ask before `text` is
    /// shown.
    fn is_full_for(&mut self, text: &str) -> bool {
        if text.starts_with(console::CLEAR) {
            return false;
        }
        if self.column == self.columns && !text.starts_with('\n') {
            self.end_row();
        }
        self.rows_left == Some(0)
    }

    /// Splits off the start of `text` that fits into the current row, and counts it. Text that
    /// clears the screen resets the count.
    fn take<'a>(&mut self, text: &mut &'a str) -> &'a str {
        if let Some(rest) = text.strip_prefix(console::CLEAR) {
            self.column = 0;
            self.rows_left = self.rows_left.map(|_| self.rows);
            *text = rest;
            return console::CLEAR;
        }
        let room = self.columns - self.column;
        let row = text.split_inclusive('\n').next().unwrap_or("");
        let is_beyond = |&(_, (_, c)): &(usize, (usize, char))| c != '\n';
        let beyond = row.char_indices().enumerate().skip(room).find(is_beyond);
        let (row, after) = text.split_at(beyond.map_or(row.len(), |(_, (at, _))| at));
        *text = after;
        self.column += row.trim_end_matches('\n').chars().count();
        if row.ends_with('\n') {
            self.end_row();
        }
        row
    }

    fn end_row(&mut self) {
        self.rows_left = self.rows_left.map(|left| left.saturating_sub(1));
        self.column = 0;
    }

    fn ask(&mut self) -> fmt::Result {
        console::write(QUESTION);
        let rows_left = loop {
            match console::wait_key().key {
                Key::Char(' ') | Key::PageDown => break Ok(Some(self.rows)),
                Key::Enter | Key::Down => break Ok(Some(1)),
                Key::End => break Ok(None),
                Key::Char('q') | Key::Escape | Key::Ctrl('c') => break Err(fmt::Error),
                _ => {}
            }
        };
        console::write(NO_QUESTION);
        self.rows_left = rows_left?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
