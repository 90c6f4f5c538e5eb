//! The screen, shared by all who print: a terminal, and what shows its cells.
//!
//! Text changes cells in memory. What differs from what is shown is drawn behind it,
//! row by row, so that interrupts wait no longer than a row takes; the device is never
//! read. While a lot is printed, the screen follows only so often: rows that scroll
//! through in between are never drawn.

use alloc::vec::Vec;

use ::log::Level;
use boot_information::BootInformation;
use terminal::{Cell, Color, Terminal};

use super::surface::{PLAIN, Surface};
use super::{Scroll, clock, emergency};
use crate::mm::Memory;
use crate::sync::{IrqMutex, Rank};

/// How long the screen may lag behind what is printed.
const LAG_MAX_US: u64 = 20_000;
/// Rows that have left the screen and can be scrolled back to.
const SCROLL_BACK_ROWS: usize = 1000;

struct Screen {
    surface: Surface,
    terminal: Terminal,
    /// What [`Color::Default`] stands for.
    default: (Color, Color),
    /// What is shown, row by row; `None` where that isn't known.
    shown: Vec<Option<Cell>>,
    /// Where the cursor is shown.
    cursor: Option<(usize, usize)>,
    /// There is something that isn't shown yet.
    is_stale: bool,
    shown_at_us: u64,
}

impl Screen {
    /// Returns a cleared screen; `None` without memory for its cells.
    fn try_new(surface: Surface) -> Option<Self> {
        let (rows, columns) = surface.size();
        let terminal = Terminal::try_new(rows, columns, SCROLL_BACK_ROWS)
            .or_else(|_| Terminal::try_new(rows, columns, 0))
            .ok()?;
        let mut shown = Vec::new();
        shown.try_reserve_exact(rows * columns).ok()?;
        shown.resize(rows * columns, None);
        let (default, cursor) = (PLAIN, None);
        Some(Self { surface, terminal, default, shown, cursor, is_stale: true, shown_at_us: 0 })
    }

    /// Writes a line, of which `\n` is the end.
    fn write(&mut self, line: &str) {
        let text = line.trim_end_matches('\n');
        self.terminal.write(text.as_bytes());
        for _ in text.len()..line.len() {
            self.terminal.write(b"\r\n");
        }
        self.is_stale = true;
    }

    /// Draws what differs in a row.
    fn show_row(&mut self, row: usize) {
        let (_, columns) = self.terminal.size();
        let shown = &mut self.shown[row * columns..(row + 1) * columns];
        for (column, (&cell, shown)) in self.terminal.row(row).iter().zip(shown).enumerate() {
            if Some(cell) != *shown {
                *shown = Some(cell);
                self.surface.draw(row, column, cell, self.default);
                if self.cursor == Some((row, column)) {
                    self.cursor = None;
                }
            }
        }
    }

    /// Draws the cursor, behind all rows.
    fn show_cursor(&mut self) {
        let cursor = self.terminal.cursor();
        self.is_stale = false;
        self.shown_at_us = clock::now_us();
        if cursor == self.cursor {
            return;
        }
        let at = |(row, column): (usize, usize)| (row, column, self.terminal.row(row)[column]);
        if let Some((row, column, cell)) = self.cursor.map(at) {
            self.surface.draw(row, column, cell, self.default);
        }
        self.surface.show_cursor(cursor.map(at), self.default);
        self.cursor = cursor;
    }

    /// Forgets what is shown, so that all of it is drawn again.
    fn forget_shown(&mut self) {
        self.shown.fill(None);
        self.is_stale = true;
    }
}

/// Protects the screen; taken by everything that prints.
static SCREEN: IrqMutex<Option<Screen>> = IrqMutex::new(Rank::Console, None);

/// Takes the screen over, if there is one that can be used.
pub(super) fn start(memory: Memory, information: &BootInformation) -> Option<Surface> {
    let surface = Surface::find(memory, information)?;
    emergency::start(surface);
    let Some(screen) = Screen::try_new(surface) else {
        ::log::error!("no memory for the screen's text; going on without a screen");
        return None;
    };
    *SCREEN.lock() = Some(screen);
    Some(surface)
}

/// Runs `action` on the screen, if there is one.
fn with_screen<R>(action: impl FnOnce(&mut Screen) -> R) -> Option<R> {
    SCREEN.lock().as_mut().map(action)
}

/// Runs `action` while the screen is locked.
pub(super) fn while_locked<R>(action: impl FnOnce() -> R) -> R {
    let _screen = SCREEN.lock();
    action()
}

/// Writes `text`, if there is a screen; a line at a time, so that interrupts wait no
/// longer than that.
pub(super) fn write(text: &str) {
    for line in text.split_inclusive('\n') {
        with_screen(|screen| screen.write(line));
    }
    let shown_at_us = with_screen(|screen| screen.shown_at_us).unwrap_or(0);
    if clock::now_us().saturating_sub(shown_at_us) >= LAG_MAX_US {
        show();
    }
}

/// Writes a line of the log, in a colour that its level has, and shows it: the next
/// thing that happens may be that nothing happens.
pub(super) fn log(level: Level, line: &str) {
    let color = match level {
        Level::Error => "\x1B[91m",
        Level::Warn => "\x1B[93m",
        Level::Info | Level::Debug | Level::Trace => "",
    };
    let is_coloured = !color.is_empty();
    with_screen(|screen| {
        screen.write(color);
        screen.write(line.trim_end_matches('\n'));
        screen.write(if is_coloured { "\x1B[39m\n" } else { "\n" });
    });
    show();
}

/// Shows everything that was printed; a row at a time, so that interrupts wait no longer
/// than that.
pub(super) fn show() {
    let rows = with_screen(|screen| screen.is_stale.then(|| screen.terminal.size().0));
    let Some(rows) = rows.flatten() else {
        return;
    };
    for row in 0..rows {
        with_screen(|screen| screen.show_row(row));
    }
    with_screen(Screen::show_cursor);
}

/// Returns the screen's rows and columns.
pub(super) fn size() -> Option<(usize, usize)> {
    with_screen(|screen| screen.terminal.size())
}

/// Shows half a screen of what has left it, or goes the way back.
pub(super) fn scroll(direction: Scroll) {
    with_screen(|screen| {
        let rows = (screen.terminal.size().0 / 2).max(1) as isize;
        screen.terminal.scroll_view(match direction {
            Scroll::Up => rows,
            Scroll::Down => -rows,
        });
        screen.is_stale = true;
    });
    show();
}

/// Changes the colours of text that has none of its own.
pub(super) fn set_colors(foreground: Color, background: Color) {
    with_screen(|screen| {
        screen.default = (foreground, background);
        screen.forget_shown();
    });
    show();
}
