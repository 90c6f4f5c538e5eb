//! The terminal as others see it.

use core::ops::Range;

use vte::Parser;

use crate::screen::Screen;
use crate::{Cell, Error};

/// How many bytes the parser gets at a time. It looks through all it gets for an ESC,
/// again behind each byte that is no UTF-8.
const PIECE_BYTES: usize = 128;

/// What is kept of operating system commands, which do nothing.
const OSC_BYTES: usize = 0;

/// A terminal: a screen of cells, and the lines that left it at the top.
pub struct Terminal {
    parser: Parser<OSC_BYTES>,
    screen: Screen,
    /// How many rows the view is moved back.
    view: usize,
}

impl Terminal {
    /// Returns an empty terminal that keeps `scroll_back_lines` lines that have left it.
    /// All its memory is taken here: 16 bytes for each cell of the screen, of a second
    /// screen, and of the lines.
    ///
    /// # Errors
    /// [`Error`].
    pub fn try_new(rows: usize, columns: usize, scroll_back_lines: usize) -> Result<Self, Error> {
        let screen = Screen::try_new(rows, columns, scroll_back_lines)?;
        Ok(Self { parser: Parser::new_with_size(), screen, view: 0 })
    }

    /// Takes bytes from a program, whatever they are. Sequences and characters may be
    /// split over calls. If there are any, the view is back at the bottom.
    pub fn write(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.move_view(0);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            // Of what follows a character that was split the parser drops some, if it
            // gets both at once.
            let is_continuation = |&byte: &u8| byte & 0xC0 == 0x80;
            let len = if is_continuation(&rest[0]) { 1 } else { PIECE_BYTES.min(rest.len()) };
            let (piece, behind) = rest.split_at(len);
            self.parser.advance(&mut self.screen, piece);
            rest = behind;
        }
    }

    /// Returns the number of rows and of columns.
    pub fn size(&self) -> (usize, usize) {
        self.screen.grid().size()
    }

    /// Returns the cells of a row of what is to be shown: the screen, or lines that have
    /// left it where the view is moved back.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[Cell] {
        self.screen.grid().row(row, self.view)
    }

    /// Returns the row and column in which the cursor is to be shown; `None` if a program
    /// has hidden it, or it is below what is shown.
    pub fn cursor(&self) -> Option<(usize, usize)> {
        let (row, column) = self.screen.shown_cursor()?;
        let row = row + self.view;
        (row < self.size().0).then_some((row, column))
    }

    /// Moves the view: back into the lines that have left the screen if `lines` is
    /// positive, towards the present if it is negative; as far as there are any. A
    /// program's second screen has none.
    pub fn scroll_view(&mut self, lines: isize) {
        self.move_view(self.view.saturating_add_signed(lines).min(self.screen.grid().past()));
    }

    fn move_view(&mut self, view: usize) {
        if view != self.view {
            self.view = view;
            self.screen.note_all_changed();
        }
    }

    /// Returns the rows of what is to be shown that may have changed since this was asked
    /// last, the first time all; empty if none. Where the cursor is doesn't matter.
    pub fn take_changed_rows(&mut self) -> Range<usize> {
        self.screen.grid_mut().take_changed()
    }

    /// Tells whether a program wants the two default colours exchanged (DECSCNM).
    pub fn is_reversed(&self) -> bool {
        self.screen.is_reversed()
    }

    /// Takes the next byte of what the terminal answers to a program's questions, to be
    /// handed to the program as if it had been typed. What nobody takes in time is lost,
    /// as whole answers.
    pub fn take_reply(&mut self) -> Option<u8> {
        self.screen.replies.take()
    }

    /// Tells whether the bell has rung since this was asked last.
    pub fn take_bell(&mut self) -> bool {
        core::mem::take(&mut self.screen.has_rung)
    }
}
