//! Output that stops after each screen until somebody has read it.

use core::fmt;

use line_editor::Key;

use crate::console;

const QUESTION: &str = "-- more: Space, Enter, End, q --";
/// Takes the question off again.
const NO_QUESTION: &str = "\r\x1B[K";

/// Counts rows, and asks when a screen is full.
pub(super) struct Pager {
    rows: usize,
    columns: usize,
    column: usize,
    /// Rows that may be filled before the next question; `None`: all there are.
    rows_left: Option<usize>,
}

impl Pager {
    /// Returns one for the console's size, of which one row is the question's.
    pub(super) fn new() -> Self {
        let (rows, columns) = console::size();
        let rows = rows.saturating_sub(1).max(1);
        Self { rows, columns, column: 0, rows_left: Some(rows) }
    }

    /// Shows `text`, as far as somebody wants to see it.
    ///
    /// # Errors
    /// [`fmt::Error`] when nobody wants to see more.
    pub(super) fn write(&mut self, text: &str) -> fmt::Result {
        for line in text.split_inclusive('\n') {
            if self.rows_left == Some(0) {
                self.ask()?;
            }
            console::write(line);
            self.column += line.trim_end_matches('\n').chars().count();
            if line.ends_with('\n') {
                // A line wider than the screen takes more rows than one.
                let rows = self.column.saturating_sub(1) / self.columns + 1;
                self.rows_left = self.rows_left.map(|left| left.saturating_sub(rows));
                self.column = 0;
            }
        }
        Ok(())
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
