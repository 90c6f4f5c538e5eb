//! A simple VT100 that panics on output that the line editor must not write.

use core::fmt;
use std::string::String;
use std::vec;
use std::vec::Vec;

/// The cells of a row of the screen, more than any terminal of the tests has.
const CELLS: usize = 300;

/// The content of a terminal.
pub struct Screen {
    /// The number of columns that the editor was set to.
    columns: usize,
    rows: Vec<Vec<char>>,
    column: usize,
    /// A control sequence that hasn't ended.
    sequence: String,
    bells: usize,
}

impl Screen {
    pub fn new(columns: usize) -> Self {
        Self { columns, rows: vec![vec![' '; CELLS]], column: 0, sequence: String::new(), bells: 0 }
    }

    pub fn set_columns(&mut self, columns: usize) {
        self.columns = columns;
    }

    pub fn clear(&mut self) {
        *self = Self { bells: self.bells, ..Self::new(self.columns) };
    }

    pub fn column(&self) -> usize {
        assert_eq!(self.sequence, "", "a control sequence is cut off");
        self.column
    }

    pub fn bells(&self) -> usize {
        self.bells
    }

    /// Returns all rows, without the blanks at their ends.
    pub fn rows(&self) -> Vec<String> {
        self.rows.iter().map(|row| String::from_iter(row).trim_end().into()).collect()
    }

    /// Returns the cursor's row, with the blanks at its end.
    pub fn row(&self) -> &[char] {
        self.rows.last().expect("there is always a row")
    }

    fn cell(&mut self) -> &mut char {
        let row = self.rows.last_mut().expect("there is always a row");
        &mut row[self.column]
    }

    fn take(&mut self, c: char) {
        match c {
            '\x1B' => self.sequence.push(c),
            '\r' => self.column = 0,
            '\n' => {
                self.rows.push(vec![' '; CELLS]);
                self.column = 0;
            }
            '\x08' => self.column = self.column.checked_sub(1).expect("there is a cell left"),
            '\x07' => self.bells += 1,
            c => {
                assert!(!c.is_control(), "{c:?} isn't for a terminal");
                *self.cell() = c;
                self.column += 1;
                assert!(self.column < self.columns, "the last column has to stay empty");
            }
        }
    }

    fn take_in_sequence(&mut self, c: char) {
        self.sequence.push(c);
        let Some(body) = self.sequence.strip_prefix("\x1B[") else {
            assert_eq!(self.sequence, "\x1B");
            return;
        };
        if c == '[' || c.is_ascii_digit() {
            return;
        }
        let count = body.trim_end_matches(c);
        match (c, count.parse()) {
            ('K', Err(_)) if count.is_empty() => {
                let column = self.column;
                self.rows.last_mut().expect("there is always a row")[column..].fill(' ');
            }
            ('C', Ok(cells @ 1..)) => {
                self.column += cells;
                assert!(self.column < self.columns, "the cursor leaves the row");
            }
            ('D', Ok(cells @ 1..)) => {
                self.column = self.column.checked_sub(cells).expect("the cursor leaves the row");
            }
            _ => panic!("not a sequence of a simple terminal: {:?}", self.sequence),
        }
        self.sequence.clear();
    }
}

impl fmt::Write for Screen {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.sequence.is_empty() { self.take(c) } else { self.take_in_sequence(c) }
        }
        Ok(())
    }
}
