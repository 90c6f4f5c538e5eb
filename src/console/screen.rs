//! The screen, shared by all output: a terminal, and the surface that shows its cells.
//!
//! Text changes cells in memory. What differs from what is shown is drawn afterwards,
//! row by row, so that interrupts wait no longer than a row takes; the device is never
//! read. While a lot is printed, the screen follows only so often: rows that scroll
//! through in between are never drawn. What is printed last is shown before a wait for
//! a key, or by the timer's interrupts.

use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

use ::log::Level;
use terminal::{Cell, Color, Terminal};

use super::surface::{PLAIN, Surface};
use super::{emergency, history};
use crate::arch::time::alarm::Alarm;
use crate::arch::time::clock;
use crate::arch::time::timer::Timer;
use crate::mm::Memory;
use crate::sync::{IrqMutex, Rank};

/// The longest time between a text and its show on the screen.
const LAG_MAX_US: u64 = 20_000;
/// After this time the timer's interrupts show what was printed: the thread that has
/// printed it computes, or hangs.
const LATE_US: u64 = 2 * LAG_MAX_US;
/// So long after a row the next is shown then.
const ROW_US: u64 = 1_000;
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
    /// The rows in which something may not be shown yet.
    changed: Range<usize>,
    /// There is something that isn't shown yet, if only the cursor.
    is_stale: bool,
    shown_at_us: u64,
    /// The name of a stage of the start stands in the cursor's row.
    has_stage: bool,
}

/// Whether there are timer interrupts, which show what was printed long ago.
static IS_TIMED: AtomicBool = AtomicBool::new(false);

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
        })
    }

    /// Writes a line, of which `\n` is the end.
    fn write(&mut self, line: &str) {
        let text = line.trim_end_matches('\n');
        self.terminal.write(text.as_bytes());
        for _ in text.len()..line.len() {
            self.terminal.write(b"\r\n");
        }
        self.note_change();
    }

    /// Notes what is to be shown.
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
            // Interrupts are off while the screen is locked.
            LATE.set((clock::now_us() + LATE_US) * 1000);
        }
    }

    /// Draws what differs in the next row that may have changed; after all of them, the
    /// cursor. Returns whether there is more.
    fn show_next(&mut self) -> bool {
        let Some(row) = self.changed.next() else {
            self.changed = self.shown.len()..0;
            self.show_cursor();
            return false;
        };
        self.show_row(row);
        true
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

    /// Draws the cursor, after all rows.
    fn show_cursor(&mut self) {
        let cursor = self.terminal.cursor();
        self.is_stale = false;
        LATE.cancel();
        self.shown_at_us = clock::now_us();
        // `None` is also where it was drawn over; a device's own cursor is still there.
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

    /// Forgets what is shown, so that all of it is drawn again.
    fn forget_shown(&mut self) {
        self.shown.fill(None);
        self.changed = 0..self.terminal.size().0;
        self.is_stale = true;
    }
}

/// Protects the screen; taken by everything that prints.
static SCREEN: IrqMutex<Option<Screen>> = IrqMutex::new(Rank::Console, None);

/// Shows what was printed long ago. It is set while the screen is locked, on the CPU that
/// prints: the timers of the others leave the screen alone.
static LATE: Alarm = Alarm::new(show_late);

/// Starts a terminal on `surface`, which has the log so far. Returns whether there is memory
/// for it; without, the screen stays as it was.
pub(super) fn start(_memory: Memory, surface: Surface) -> bool {
    let Some(screen) = Screen::try_new(surface) else {
        return false;
    };
    *SCREEN.lock() = Some(screen);
    emergency::leave();
    history::for_each(log);
    true
}

/// Has the timer's interrupts show what was printed long ago.
pub(super) fn use_timer(timer: Timer) {
    LATE.register(timer);
    IS_TIMED.store(true, Ordering::Relaxed);
}

/// Clears the cursor's row, and writes `stage` there until the next line of the log;
/// `None` ends that.
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

/// Shows everything that was printed; a row at a time, so that interrupts wait no longer
/// than that.
pub(super) fn show() {
    while with_screen(|screen| screen.is_stale && screen.show_next()) == Some(true) {}
}

/// Shows a row of what was printed long ago and isn't shown, and has the timer come for
/// the next. For the timer's interrupt handler.
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

/// Returns the screen's rows and columns.
pub(super) fn size() -> Option<(usize, usize)> {
    with_screen(|screen| screen.terminal.size())
}

/// The direction in which to scroll through what has left the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scroll {
    /// Back.
    Up,
    /// Towards what is shown now.
    Down,
}

/// Shows half a screen of what has left it, or goes the way back.
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

/// Changes the colours of text that has none of its own.
pub(super) fn set_colors(foreground: Color, background: Color) {
    with_screen(|screen| {
        screen.default = (foreground, background);
        screen.forget_shown();
    });
    show();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::ports::{CRTC_DATA, CRTC_INDEX};
    use crate::drivers::video::vga_text::{COLUMNS, ROWS};

    #[test_case]
    fn what_is_printed_is_shown_though_nobody_waits_for_keys() {
        show();
        write("x");
        let is_stale = || with_screen(|screen| screen.is_stale).expect("there is a screen");
        let end_us = clock::now_us() + 2_000_000;
        while is_stale() && clock::now_us() < end_us {}
        assert!(!is_stale());
    }

    #[test_case]
    fn cursor_is_hidden_where_it_is_scrolled_away() {
        let cursor = || {
            // The place's high byte, then its low one.
            let [high, low] = [0x0E, 0x0F].map(|register| {
                CRTC_INDEX.write(register);
                CRTC_DATA.read()
            });
            usize::from(u16::from_be_bytes([high, low]))
        };
        for _ in 0..2 * ROWS {
            write("a row that isn't empty\n");
        }
        show();
        assert_eq!(cursor(), (ROWS - 1) * COLUMNS);
        scroll(Scroll::Up);
        assert!(cursor() >= ROWS * COLUMNS);
        scroll(Scroll::Down);
        assert_eq!(cursor(), (ROWS - 1) * COLUMNS);
    }
}
