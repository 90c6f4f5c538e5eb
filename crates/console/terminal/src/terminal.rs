//! The terminal: its public interface.

use core::ops::Range;

use vte::Parser;

use crate::screen::Screen;
use crate::{Cell, Error};

/// The number of bytes that are passed to the parser at a time. It searches all of them for
/// an ESC, again after each byte that isn't UTF-8.
const PIECE_BYTES: usize = 128;

/// The number of bytes of operating system commands that the parser keeps: none, as these
/// commands have no effect.
const OSC_BYTES: usize = 0;

/// A terminal: a screen of cells, and the rows that scrolled off its top.
pub struct Terminal {
    parser: Parser<OSC_BYTES>,
    screen: Screen,
    /// The number of rows that the view is scrolled back.
    view: usize,
}

impl Terminal {
    /// Returns an empty terminal that keeps `scroll_back_lines` rows that scroll off its
    /// top. All its memory is allocated here: 16 bytes for each cell of the screen, of
    /// the alternate screen, and of those rows.
    ///
    /// # Errors
    /// [`Error`].
    pub fn try_new(rows: usize, columns: usize, scroll_back_lines: usize) -> Result<Self, Error> {
        let screen = Screen::try_new(rows, columns, scroll_back_lines)?;
        Ok(Self { parser: Parser::new_with_size(), screen, view: 0 })
    }

    /// Processes output of a program; any bytes are allowed. Sequences and characters may
    /// be split over several calls. If there are any bytes, the view returns to the
    /// bottom.
    pub fn write(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.move_view(0);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            // If the rest of a split character and other bytes are passed at once, the
            // parser loses some of these.
            let is_continuation = |&byte: &u8| byte & 0xC0 == 0x80;
            let len = if is_continuation(&rest[0]) { 1 } else { PIECE_BYTES.min(rest.len()) };
            let (piece, after) = rest.split_at(len);
            self.parser.advance(&mut self.screen, piece);
            rest = after;
        }
    }

    /// Returns the number of rows and of columns.
    pub fn size(&self) -> (usize, usize) {
        self.screen.grid().size()
    }

    /// Returns the cells of row `row` of the view: the screen, or older rows if the view
    /// is scrolled back.
    ///
    /// # Panics
    /// If the view has no such row.
    pub fn row(&self, row: usize) -> &[Cell] {
        self.screen.grid().row(row, self.view)
    }

    /// Returns the cursor's row and column in the view; `None` if a program has hidden
    /// it, or if it is below the view.
    pub fn cursor(&self) -> Option<(usize, usize)> {
        let (row, column) = self.screen.shown_cursor()?;
        let row = row + self.view;
        (row < self.size().0).then_some((row, column))
    }

    /// Scrolls the view by `lines`: positive, back to rows that scrolled off the screen;
    /// negative, towards the bottom. It stops at the first and the last row. The
    /// alternate screen has no older rows.
    pub fn scroll_view(&mut self, lines: isize) {
        self.move_view(self.view.saturating_add_signed(lines).min(self.screen.grid().past()));
    }

    fn move_view(&mut self, view: usize) {
        if view != self.view {
            self.view = view;
            self.screen.note_all_changed();
        }
    }

    /// Returns the rows of the view that may have changed since the last call; the first
    /// call returns all rows. Empty if none has changed. A movement of the cursor is no
    /// change.
    pub fn take_changed_rows(&mut self) -> Range<usize> {
        self.screen.grid_mut().take_changed()
    }

    /// Returns whether a program has exchanged the two default colours (DECSCNM).
    pub fn is_reversed(&self) -> bool {
        self.screen.is_reversed()
    }

    /// Takes the next byte of the terminal's answers to requests of the program. The caller
    /// passes it to the program as input. A new answer is dropped if there is no room for
    /// all of it.
    pub fn take_reply(&mut self) -> Option<u8> {
        self.screen.replies.take()
    }

    /// Returns whether the bell has rung since the last call.
    pub fn take_bell(&mut self) -> bool {
        core::mem::take(&mut self.screen.has_rung)
    }
}
