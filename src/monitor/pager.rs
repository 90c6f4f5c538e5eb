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
            if self.rows_left == Some(0) && !line.starts_with(console::CLEAR) {
                self.ask()?;
            }
            console::write(line);
            self.count(line);
        }
        Ok(())
    }

    /// Counts the rows that `line` takes; one that clears the screen begins anew.
    fn count(&mut self, line: &str) {
        let line = match line.strip_prefix(console::CLEAR) {
            None => line,
            Some(behind) => {
                self.column = 0;
                self.rows_left = self.rows_left.map(|_| self.rows);
                behind
            }
        };
        self.column += line.trim_end_matches('\n').chars().count();
        if line.ends_with('\n') {
            // A line wider than the screen takes more rows than one.
            let rows = self.column.saturating_sub(1) / self.columns + 1;
            self.rows_left = self.rows_left.map(|left| left.saturating_sub(rows));
            self.column = 0;
        }
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
mod tests {
    use super::*;

    #[test_case]
    fn rows_are_counted_and_begin_anew_where_the_screen_is_cleared() {
        let mut pager = Pager { rows: 24, columns: 80, column: 0, rows_left: Some(24) };
        for line in ["one\n", "half ", "of it\n", "\n"] {
            pager.count(line);
        }
        assert_eq!(pager.rows_left, Some(21));
        let wide = [b'x'; 81];
        pager.count(core::str::from_utf8(&wide).expect("ASCII is UTF-8"));
        pager.count("\n");
        assert_eq!(pager.rows_left, Some(19));
        // `watch` clears, then writes; behind stages both come as one.
        pager.count(console::CLEAR);
        assert_eq!((pager.rows_left, pager.column), (Some(24), 0));
        pager.count("one\n");
        pager.count("\x1B[H\x1B[2Jone\n");
        assert_eq!(pager.rows_left, Some(23));
    }
}
