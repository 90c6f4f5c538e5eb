//! Output to a VT100.

use core::fmt::{self, Write};

use heapless::String;

/// Moves of up to this many cells are written as single characters, which are not longer
/// than a control sequence.
pub(crate) const SHORT_MOVE_CELLS: usize = 4;

/// The most bytes that are written at once.
const PIECE_BYTES: usize = 64;

/// A terminal as an output. Errors of the writer are ignored.
///
/// Text is buffered, and written when the buffer is full and at the end, so that other
/// output rarely interrupts it.
pub(crate) struct Terminal<'a> {
    out: &'a mut dyn Write,
    piece: String<PIECE_BYTES>,
}

impl<'a> Terminal<'a> {
    /// Returns the terminal that `out` writes to.
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, piece: String::new() }
    }

    /// Writes text at the cursor.
    pub(crate) fn print(&mut self, text: fmt::Arguments<'_>) {
        self.write_fmt(text).expect("writing never fails");
    }

    /// Writes a character at the cursor.
    pub(crate) fn put(&mut self, c: char) {
        if self.piece.push(c).is_err() {
            self.flush();
            self.piece.push(c).expect("a buffer has room for a character");
        }
    }

    /// Moves the cursor to the left; `cells` is at least 1.
    pub(crate) fn left(&mut self, cells: usize) {
        if cells <= SHORT_MOVE_CELLS {
            (0..cells).for_each(|_| self.put('\x08'));
        } else {
            self.print(format_args!("\x1B[{cells}D"));
        }
    }

    /// Moves the cursor to the right; `cells` is at least 1.
    pub(crate) fn right(&mut self, cells: usize) {
        self.print(format_args!("\x1B[{cells}C"));
    }

    /// Moves the cursor to the start of the row.
    pub(crate) fn go_to_start(&mut self) {
        self.put('\r');
    }

    /// Clears the row from the cursor to its end.
    pub(crate) fn clear_rest(&mut self) {
        self.print(format_args!("\x1B[K"));
    }

    /// Ends the row.
    pub(crate) fn new_line(&mut self) {
        self.put('\n');
    }

    /// Sounds the bell: the key has no effect.
    pub(crate) fn ring(&mut self) {
        self.put('\x07');
    }

    fn flush(&mut self) {
        // An error affects only what is shown, not the line.
        let _ = self.out.write_str(&self.piece);
        self.piece.clear();
    }
}

impl Write for Terminal<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().for_each(|c| self.put(c));
        Ok(())
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        if !self.piece.is_empty() {
            self.flush();
        }
    }
}
