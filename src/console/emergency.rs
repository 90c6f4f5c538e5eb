//! The screen without a lock and without the heap. It is used before there is memory for a
//! terminal, and for reports and the prompt after them, because a lock or the heap may be the cause
//! of the failure.
//!
//! It has its own cells. Only one CPU writes. It supports `
//! `, `\x08`, and the control sequences `CSI … m` with ANSI's colours.

use core::sync::atomic::{AtomicU32, Ordering};

use spin::Once;
use terminal::{Cell, Color, Style};

use super::surface::{PLAIN, Surface};
use crate::klog;

/// The number of cells, for the largest screen that has a font. On a larger screen, fewer rows are
/// used.
const CELLS_MAX: usize = 16 * 1024;

/// The number of bits of the character in a cell's value. Above them are 4 bits of the
/// foreground colour, then 4 bits of the background colour.
const CHARACTER_BITS: u32 = 21;
const FOREGROUND_SHIFT: u32 = CHARACTER_BITS;
const BACKGROUND_SHIFT: u32 = FOREGROUND_SHIFT + 4;
/// Light grey on black.
const PLAIN_COLORS: u32 = 7 << FOREGROUND_SHIFT;
const BOLD: u32 = 8 << FOREGROUND_SHIFT;

static SURFACE: Once<Surface> = Once::new();
/// A separate static with the value 0, so that it takes no room in the kernel's file.
static CELLS: [AtomicU32; CELLS_MAX] = [const { AtomicU32::new(0) }; CELLS_MAX];
static SCREEN: Screen = Screen {
    cells: &CELLS,
    next: AtomicU32::new(NOT_STARTED),
    colors: AtomicU32::new(PLAIN_COLORS),
    sequence: AtomicU32::new(NO_SEQUENCE),
};

/// The state before anything has been written.
const NOT_STARTED: u32 = u32::MAX;
/// The state outside of control sequences.
const NO_SEQUENCE: u32 = u32::MAX;
/// The state after ESC.
const ESCAPE: u32 = u32::MAX - 1;

struct Screen {
    /// The colours and the character of each cell.
    cells: &'static [AtomicU32; CELLS_MAX],
    /// The index of the next cell to write.
    next: AtomicU32,
    /// The colours of the next cell.
    colors: AtomicU32,
    /// The state of the control sequence: one of the constants above, or the number read
    /// so far.
    sequence: AtomicU32,
}

/// Uses `surface` for emergency text.
pub(super) fn start(surface: Surface) {
    SURFACE.call_once(|| surface);
    klog::add_emergency_sink(write);
}

/// Writes `text`.
pub(super) fn write(text: &str) {
    if let Some(&surface) = SURFACE.get() {
        SCREEN.write(surface, text);
    }
}

/// Shows `stage` at the position of the next text.
pub(super) fn show_stage(stage: &str) {
    if let Some(&surface) = SURFACE.get() {
        SCREEN.write_ahead(surface, stage);
    }
}

/// Ends the use of the screen, which another writer draws on now. The next emergency text clears
/// the screen.
pub(super) fn leave() {
    SCREEN.next.store(NOT_STARTED, Ordering::Relaxed);
}

impl Screen {
    /// Writes `text` to the rest of the row; the position of the next text doesn't change.
    fn write_ahead(&self, surface: Surface, text: &str) {
        self.write(surface, "");
        let (_, columns) = surface.size();
        let next = self.next.load(Ordering::Relaxed) as usize;
        let mut characters = text.chars();
        for index in next..next - next % columns + columns {
            let c = characters.next().unwrap_or(' ');
            self.set(surface, columns, index, PLAIN_COLORS | c as u32);
        }
    }

    fn write(&self, surface: Surface, text: &str) {
        let (rows, columns) = surface.size();
        let rows = rows.min(CELLS_MAX / columns);
        if self.next.load(Ordering::Relaxed) == NOT_STARTED {
            (0..rows * columns).for_each(|index| self.set(surface, columns, index, BLANK));
            self.next.store(0, Ordering::Relaxed);
        }
        for c in text.chars() {
            if !self.take_sequence(c) {
                self.put(surface, rows, columns, c);
            }
        }
        let next = self.next.load(Ordering::Relaxed) as usize;
        let at = (next / columns, next % columns, cell(self.cells[next].load(Ordering::Relaxed)));
        surface.show_cursor(Some(at), PLAIN);
    }

    fn put(&self, surface: Surface, rows: usize, columns: usize, c: char) {
        let mut next = self.next.load(Ordering::Relaxed) as usize;
        // Draws the cell again, because the cursor may have been drawn there.
        self.set(surface, columns, next, self.cells[next].load(Ordering::Relaxed));
        match c {
            '\n' => next = (next / columns + 1) * columns,
            '\r' => next -= next % columns,
            '\x08' => next -= usize::from(!next.is_multiple_of(columns)),
            c if c.is_control() => {}
            c => {
                let value = self.colors.load(Ordering::Relaxed) | c as u32;
                self.set(surface, columns, next, value);
                next += 1;
            }
        }
        if next >= rows * columns {
            self.scroll(surface, rows, columns);
            next -= columns;
        }
        self.next.store(next as u32, Ordering::Relaxed);
    }

    fn scroll(&self, surface: Surface, rows: usize, columns: usize) {
        let last = (rows - 1) * columns;
        for index in 0..rows * columns {
            let value = if index < last {
                self.cells[index + columns].load(Ordering::Relaxed)
            } else {
                BLANK
            };
            if value != self.cells[index].load(Ordering::Relaxed) {
                self.set(surface, columns, index, value);
            }
        }
    }

    fn set(&self, surface: Surface, columns: usize, index: usize, value: u32) {
        self.cells[index].store(value, Ordering::Relaxed);
        surface.draw(index / columns, index % columns, cell(value), PLAIN);
    }

    /// Processes a character of a control sequence; returns whether it belongs to one.
    fn take_sequence(&self, c: char) -> bool {
        let sequence = self.sequence.load(Ordering::Relaxed);
        let next = match (sequence, c) {
            (_, '\x1B') => ESCAPE,
            (NO_SEQUENCE, _) => return false,
            (ESCAPE, '[') => 0,
            (ESCAPE, _) => NO_SEQUENCE,
            (number, '0'..='9') => (number * 10 + (c as u32 - '0' as u32)) % 1000,
            (number, ';' | 'm') => {
                self.set_color(number);
                if c == ';' { 0 } else { NO_SEQUENCE }
            }
            _ => NO_SEQUENCE,
        };
        self.sequence.store(next, Ordering::Relaxed);
        true
    }

    /// Source: ECMA-48, "SGR - SELECT GRAPHIC RENDITION".
    fn set_color(&self, number: u32) {
        let colors = self.colors.load(Ordering::Relaxed);
        let colors = match number {
            0 => PLAIN_COLORS,
            1 => colors | BOLD,
            39 => colors & !(0xF << FOREGROUND_SHIFT) | PLAIN_COLORS,
            90..=97 => colors & !(7 << FOREGROUND_SHIFT) | BOLD | (number - 90) << FOREGROUND_SHIFT,
            30..=37 => colors & !(7 << FOREGROUND_SHIFT) | (number - 30) << FOREGROUND_SHIFT,
            40..=47 => colors & !(7 << BACKGROUND_SHIFT) | (number - 40) << BACKGROUND_SHIFT,
            _ => colors,
        };
        self.colors.store(colors, Ordering::Relaxed);
    }
}

const BLANK: u32 = PLAIN_COLORS | ' ' as u32;

/// Decodes a cell's value.
fn cell(value: u32) -> Cell {
    let character = char::from_u32(value & ((1 << CHARACTER_BITS) - 1)).unwrap_or(' ');
    let color = |shift: u32| Color::Indexed((value >> shift & 15) as u8);
    let (foreground, background) = (color(FOREGROUND_SHIFT), color(BACKGROUND_SHIFT));
    Cell { character, style: Style { foreground, background, ..Style::default() } }
}
