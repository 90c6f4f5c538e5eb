//! The state of the terminal, and its changes by characters.

use crate::cursor::Cursor;
use crate::grid::Grid;
use crate::modes::Modes;
use crate::reply::Replies;
use crate::tabs::TabStops;
use crate::zero_width::is_zero_width;
use crate::{Cell, Error};

/// The screen that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The screen that keeps rows that scroll off its top.
    Primary = 0,
    /// The screen for programs that use the whole screen, such as editors.
    Alternate = 1,
}

/// The state of the terminal without its parser.
pub(crate) struct Screen {
    /// The cells, indexed by [`Which`].
    grids: [Grid; 2],
    /// The state that DECSC saved, indexed by [`Which`].
    pub(crate) saved: [Cursor; 2],
    pub(crate) which: Which,
    pub(crate) cursor: Cursor,
    pub(crate) modes: Modes,
    /// The first and the last row of the scrolling region.
    pub(crate) region: (usize, usize),
    pub(crate) tabs: TabStops,
    /// The last character that was written, for REP.
    pub(crate) last: Option<char>,
    pub(crate) replies: Replies,
    /// A BEL was received.
    pub(crate) has_rung: bool,
}

impl Screen {
    /// Returns an empty screen.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn try_new(rows: usize, columns: usize, past_rows: usize) -> Result<Self, Error> {
        Ok(Self {
            grids: [Grid::try_new(rows, columns, past_rows)?, Grid::try_new(rows, columns, 0)?],
            saved: Default::default(),
            which: Which::Primary,
            cursor: Cursor::default(),
            modes: Modes::default(),
            region: (0, rows - 1),
            tabs: TabStops::try_new(columns)?,
            last: None,
            replies: Replies::default(),
            has_rung: false,
        })
    }

    /// Returns the cells of the screen that is shown.
    pub(crate) fn grid(&self) -> &Grid {
        &self.grids[self.which as usize]
    }

    /// Returns the cells of the screen that is shown, for writing.
    pub(crate) fn grid_mut(&mut self) -> &mut Grid {
        &mut self.grids[self.which as usize]
    }

    /// Shows one of the two screens.
    pub(crate) fn show(&mut self, which: Which) {
        self.which = which;
        self.note_all_changed();
    }

    /// Records that all rows may have changed, because another screen, or another part of
    /// it, is shown.
    pub(crate) fn note_all_changed(&mut self) {
        let rows = self.grid().size().0;
        self.grid_mut().note_changed(0..rows);
    }

    /// Returns the numbers of the last row and the last column.
    pub(crate) fn last_cell(&self) -> (usize, usize) {
        let (rows, columns) = self.grid().size();
        (rows - 1, columns - 1)
    }

    /// Returns the cursor's row and column; `None` if it is hidden.
    pub(crate) fn shown_cursor(&self) -> Option<(usize, usize)> {
        self.modes.is_cursor_visible.then_some((self.cursor.row, self.cursor.column))
    }

    /// Returns whether the default colours are exchanged.
    pub(crate) fn is_reversed(&self) -> bool {
        self.modes.is_reversed
    }

    /// Writes a character from the program at the cursor, through the character set in
    /// use.
    pub(crate) fn put(&mut self, character: char) {
        match character {
            '\u{7F}' => {}
            // The parser also passes these for single bytes that aren't UTF-8.
            '\u{80}'..='\u{9F}' => self.put_mapped(char::REPLACEMENT_CHARACTER),
            _ if is_zero_width(character) => {}
            _ => self.put_mapped(self.cursor.charsets.map(character)),
        }
    }

    /// Writes `character` at the cursor, without a character set.
    pub(crate) fn put_mapped(&mut self, character: char) {
        if self.cursor.is_wrap_pending {
            self.cursor.column = 0;
            self.line_feed();
        }
        if self.modes.is_insert {
            self.insert_cells(1);
        }
        let Cursor { row, column, style, .. } = self.cursor;
        self.grid_mut().row_mut(row)[column] = Cell { character, style };
        self.last = Some(character);
        if column < self.last_cell().1 {
            self.cursor.column += 1;
        } else {
            self.cursor.is_wrap_pending = self.modes.is_autowrap;
        }
    }

    /// Writes the last character `count` times again (REP).
    pub(crate) fn repeat(&mut self, count: usize) {
        let count = count.min(self.grid().size().1);
        if let Some(character) = self.last {
            (0..count).for_each(|_| self.put_mapped(character));
        }
    }

    /// Sets the scrolling region (DECSTBM) and moves the cursor home. Rows count from 1;
    /// 0 and rows beyond the screen mean the screen's first or last. A region of fewer
    /// than two rows is ignored.
    pub(crate) fn set_region(&mut self, top: usize, bottom: usize) {
        let last = self.last_cell().0;
        let top = top.max(1) - 1;
        let bottom = if bottom == 0 { last } else { (bottom - 1).min(last) };
        if top < bottom {
            self.region = (top, bottom);
            self.go_to(0, 0);
        }
    }

    /// Fills the screen with `E` (DECALN).
    pub(crate) fn fill_for_alignment(&mut self) {
        let (rows, _) = self.grid().size();
        self.region = (0, rows - 1);
        self.cursor.is_origin = false;
        self.go_to(0, 0);
        self.grid_mut().fill(0..rows, Cell { character: 'E', ..Cell::default() });
    }

    /// Resets everything that a program can set, except the cells, the cursor's position
    /// and the tab stops (DECSTR).
    pub(crate) fn reset_softly(&mut self) {
        let Cursor { row, column, .. } = self.cursor;
        self.cursor = Cursor { row, column, ..Cursor::default() };
        self.saved[self.which as usize] = Cursor::default();
        self.modes = Modes { is_reversed: self.modes.is_reversed, ..Modes::default() };
        self.region = (0, self.last_cell().0);
        self.last = None;
    }

    /// Resets everything that a program can set, and empties both screens (RIS). Rows
    /// that scrolled off the screen are kept.
    pub(crate) fn reset(&mut self) {
        let rows = self.grid().size().0;
        self.show(Which::Primary);
        self.cursor = Cursor::default();
        self.saved = Default::default();
        self.modes = Modes::default();
        self.region = (0, rows - 1);
        self.tabs.reset();
        self.last = None;
        self.grids.iter_mut().for_each(|grid| grid.fill(0..rows, Cell::default()));
    }

    /// Answers a request for the device's status (5) or the cursor's position (6).
    pub(crate) fn report(&mut self, what: usize) {
        match what {
            5 => self.replies.push(format_args!("\x1B[0n")),
            6 => {
                let top = if self.cursor.is_origin { self.region.0 } else { 0 };
                let (row, column) = (self.cursor.row - top + 1, self.cursor.column + 1);
                self.replies.push(format_args!("\x1B[{row};{column}R"));
            }
            _ => {}
        }
    }

    /// Answers a request for the type of the terminal: a VT100 with the advanced video
    /// option.
    pub(crate) fn identify(&mut self) {
        self.replies.push(format_args!("\x1B[?1;2c"));
    }
}
