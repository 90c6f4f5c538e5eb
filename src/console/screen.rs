//! The screen, which all output shares: a terminal, and the surface that shows its cells.
//!
//! Text changes the terminal's cells in memory. Changed cells are drawn later, row by row, so that
//! interrupts are off no longer than for one row; the device is never read. During long output the
//! screen is only drawn from time to time, so rows that scroll off in between are never drawn. The
//! last text is drawn before a wait for a key, or by the timer's interrupts.

use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

use ::log::Level;
use heapless::Deque;
use terminal::{Cell, Color, Terminal};

use super::surface::{PLAIN, Surface};
use super::{emergency, history};
use crate::arch::time::alarm::Alarm;
use crate::arch::time::clock;
use crate::arch::time::timer::Timer;
use crate::mm::Memory;
use crate::sync::{IrqMutex, Rank};

/// The longest time between two drawings during output, in microseconds.
const LAG_MAX_US: u64 = 20_000;
/// The time after which the timer's interrupts draw printed text, in microseconds, because the
/// thread that has printed it computes for long, or hangs.
const LATE_US: u64 = 2 * LAG_MAX_US;
/// The time between two rows that the timer's interrupts draw, in microseconds.
const ROW_US: u64 = 1_000;
/// The number of rows that are kept after they have scrolled off the screen.
const SCROLL_BACK_ROWS: usize = 1000;

struct Screen {
    surface: Surface,
    terminal: Terminal,
    /// The colours for [`Color::Default`].
    default: (Color, Color),
    /// The drawn cells, row by row; `None` if unknown.
    shown: Vec<Option<Cell>>,
    /// The row and column at which the cursor is drawn.
    cursor: Option<(usize, usize)>,
    /// The rows that may have changed since they were drawn.
    changed: Range<usize>,
    /// Whether a cell or the cursor has changed since it was drawn.
    is_stale: bool,
    shown_at_us: u64,
    /// Whether the cursor's row shows the name of a boot stage.
    has_stage: bool,
    /// The terminal's answers that a program has not read yet.
    answers: Deque<u8, ANSWERS_BYTES>,
}

/// The room for answers that a program has not read yet, in bytes.
const ANSWERS_BYTES: usize = 128;

/// The use of the terminal's answers to a program's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// They are kept for [`take_answers`].
    Kept,
    /// They are dropped, because another terminal answers.
    Dropped,
}

/// Whether the timer's interrupts draw printed text.
static IS_TIMED: AtomicBool = AtomicBool::new(false);

impl Screen {
    /// Makes a cleared screen; `None` if there is no memory for its cells.
    fn try_new(surface: Surface) -> Option<Self> {
        let (rows, columns) = surface.size();
        let terminal = Terminal::try_new(rows, columns, SCROLL_BACK_ROWS)
            .or_else(|_| Terminal::try_new(rows, columns, 0))
            .ok()?;
        let mut shown = Vec::new();
        shown.try_reserve_exact(rows * columns).ok()?;
        shown.resize(rows * columns, None);
        let (default, cursor) = (PLAIN, None);
        let (changed, is_stale, shown_at_us, has_stage) = (0..rows, true, 0, false);
        Some(Self {
            surface,
            terminal,
            default,
            shown,
            cursor,
            changed,
            is_stale,
            shown_at_us,
            has_stage,
            answers: Deque::new(),
        })
    }

    /// Writes text with at most one `\n`, at its end.
    fn write(&mut self, line: &str) {
        let text = line.trim_end_matches('\n');
        self.terminal.write(text.as_bytes());
        for _ in text.len()..line.len() {
            self.terminal.write(b"\r\n");
        }
        // The kernel's own text doesn't request answers.
        self.take_replies(Answers::Dropped);
        self.note_change();
    }

    /// Takes the terminal's answers.
    fn take_replies(&mut self, answers: Answers) {
        while let Some(byte) = self.terminal.take_reply() {
            if answers == Answers::Kept {
                // If a program doesn't read them, later answers are lost.
                let _ = self.answers.push_back(byte);
            }
        }
    }

    /// Records the rows that have changed.
    fn note_change(&mut self) {
        let rows = self.terminal.take_changed_rows();
        if !rows.is_empty() {
            self.changed.start = self.changed.start.min(rows.start);
            self.changed.end = self.changed.end.max(rows.end);
        }
        if !self.is_stale {
            self.is_stale = true;
            if !IS_TIMED.load(Ordering::Relaxed) {
                return;
            }
            // The alarm stays on this CPU, because interrupts are off while the screen is locked.
            LATE.set((clock::now_us() + LATE_US) * 1000);
        }
    }

    /// Draws the changed cells of the next row that may have changed; after the last row, draws the
    /// cursor. Returns whether there is more to draw.
    fn show_next(&mut self) -> bool {
        let Some(row) = self.changed.next() else {
            self.changed = self.shown.len()..0;
            self.show_cursor();
            return false;
        };
        self.show_row(row);
        true
    }

    /// Draws the changed cells of a row.
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

    /// Draws the cursor. All rows have been drawn.
    fn show_cursor(&mut self) {
        let cursor = self.terminal.cursor();
        self.is_stale = false;
        LATE.cancel();
        self.shown_at_us = clock::now_us();
        // `None` may also mean that a cell was drawn over the cursor. A cursor that the device
        // itself draws is then still visible.
        if cursor == self.cursor && cursor.is_some() {
            return;
        }
        let at = |(row, column): (usize, usize)| (row, column, self.terminal.row(row)[column]);
        if let Some((row, column, cell)) = self.cursor.map(at) {
            self.surface.draw(row, column, cell, self.default);
        }
        self.surface.show_cursor(cursor.map(at), self.default);
        self.cursor = cursor;
    }

    /// Marks all cells as unknown, so that they are drawn again.
    fn forget_shown(&mut self) {
        self.shown.fill(None);
        self.changed = 0..self.terminal.size().0;
        self.is_stale = true;
    }
}

/// Protects the screen; taken by all code that prints.
static SCREEN: IrqMutex<Option<Screen>> = IrqMutex::new(Rank::Console, None);

/// The alarm that draws old text. It is set while the screen is locked, on the CPU that prints, so
/// the timers of other CPUs don't access the screen.
static LATE: Alarm = Alarm::new(show_late);

/// Starts a terminal on `surface`, and shows the log so far. Returns false if there is no memory
/// for it; then the screen doesn't change.
pub(super) fn start(_memory: Memory, surface: Surface) -> bool {
    let Some(screen) = Screen::try_new(surface) else {
        return false;
    };
    *SCREEN.lock() = Some(screen);
    emergency::leave();
    history::for_each(log);
    true
}

/// Makes the timer's interrupts draw old text from now on.
pub(super) fn use_timer(timer: Timer) {
    LATE.register(timer);
    IS_TIMED.store(true, Ordering::Relaxed);
}

/// Clears the cursor's row, and shows `stage` there until the next line of the log. `None` ends the
/// display of stages.
pub(super) fn show_stage(stage: Option<&str>) {
    const CLEAR_ROW: &str = "\r\x1B[K";
    let shown = with_screen(|screen| {
        if screen.has_stage {
            screen.write(CLEAR_ROW);
        }
        screen.has_stage = stage.is_some();
        screen.write(stage.unwrap_or_default());
    });
    match (shown, stage) {
        (Some(()), _) => show(),
        (None, Some(stage)) => emergency::show_stage(stage),
        (None, None) => {}
    }
}

/// Runs `action` with the screen locked, if there is one.
fn with_screen<R>(action: impl FnOnce(&mut Screen) -> R) -> Option<R> {
    SCREEN.lock().as_mut().map(action)
}

/// Runs `action` while the screen is locked.
pub(super) fn while_locked<R>(action: impl FnOnce() -> R) -> R {
    let _screen = SCREEN.lock();
    action()
}

/// Writes `text`, if there is a screen. The lock is released after each line, so that interrupts
/// are off no longer than for one line.
pub(super) fn write(text: &str) {
    for line in text.split_inclusive('\n') {
        with_screen(|screen| screen.write(line));
    }
    let shown_at_us = with_screen(|screen| screen.shown_at_us).unwrap_or(0);
    if clock::now_us().saturating_sub(shown_at_us) >= LAG_MAX_US {
        show();
    }
}

/// Writes a program's bytes to the terminal, unchanged. Returns whether there are answers for the
/// program.
pub(super) fn write_bytes(bytes: &[u8], answers: Answers) -> bool {
    let has_answers = with_screen(|screen| {
        screen.terminal.write(bytes);
        screen.take_replies(answers);
        screen.note_change();
        !screen.answers.is_empty()
    });
    show();
    has_answers == Some(true)
}

/// Takes answers of the terminal, which the program reads as if they had been typed; returns the
/// number of bytes.
pub(super) fn take_answers(bytes: &mut [u8]) -> usize {
    let taken = with_screen(|screen| {
        let mut len = 0;
        while len < bytes.len()
            && let Some(byte) = screen.answers.pop_front()
        {
            bytes[len] = byte;
            len += 1;
        }
        len
    });
    taken.unwrap_or(0)
}

/// Writes a line of the log in its level's colour, and draws it at once, because the kernel may
/// hang right afterwards.
pub(super) fn log(level: Level, line: &str) {
    let color = match level {
        Level::Error => "\x1B[91m",
        Level::Warn => "\x1B[93m",
        Level::Info | Level::Debug | Level::Trace => "",
    };
    let end = if color.is_empty() { "\n" } else { "\x1B[39m\n" };
    show_stage(None);
    let parts = [color, line.trim_end_matches('\n'), end];
    match with_screen(|screen| parts.into_iter().for_each(|part| screen.write(part))) {
        Some(()) => show(),
        None => {
            emergency::show_stage("");
            parts.into_iter().for_each(emergency::write);
        }
    }
}

/// Draws all printed text. The lock is released after each row, so that interrupts are
/// off no longer than for one row.
pub(super) fn show() {
    while with_screen(|screen| screen.is_stale && screen.show_next()) == Some(true) {}
}

/// Draws one row of old text, and sets the alarm for the next row. Called by the timer's interrupt
/// handler.
fn show_late() {
    with_screen(|screen| {
        if !screen.is_stale {
            return;
        }
        let late_at_us = screen.shown_at_us + LATE_US;
        if clock::now_us() >= late_at_us {
            screen.show_next();
            LATE.set((clock::now_us() + ROW_US) * 1000);
        } else {
            LATE.set(late_at_us * 1000);
        }
    });
}

/// Returns the screen's rows and columns, if there is a screen.
pub(super) fn size() -> Option<(usize, usize)> {
    with_screen(|screen| screen.terminal.size())
}

/// The direction in which the view scrolls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scroll {
    /// Up, to older rows.
    Up,
    /// Down, towards the bottom.
    Down,
}

/// Scrolls the view by half a screen.
pub(super) fn scroll(direction: Scroll) {
    with_screen(|screen| {
        let rows = (screen.terminal.size().0 / 2).max(1) as isize;
        screen.terminal.scroll_view(match direction {
            Scroll::Up => rows,
            Scroll::Down => -rows,
        });
        screen.note_change();
    });
    show();
}

/// Changes the default colours.
pub(super) fn set_colors(foreground: Color, background: Color) {
    with_screen(|screen| {
        screen.default = (foreground, background);
        screen.forget_shown();
    });
    show();
}

#[cfg(test)]
mod tests;
