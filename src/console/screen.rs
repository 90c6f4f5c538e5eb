//! The screen, shared by all who print: VGA text or a framebuffer.
//!
//! Text changes cells in memory. What differs from what is shown is drawn behind it,
//! row by row, so that interrupts wait no longer than a row takes; the device is never
//! read.

use alloc::vec::Vec;
use core::fmt;

use boot_information::BootInformation;

use crate::drivers::framebuffer::{self, Framebuffer, Rgb};
use crate::drivers::vga_text::{self, VgaText};
use crate::log;
use crate::mm::Memory;
use crate::sync::{IrqMutex, Rank};

const LIGHT_GREY: Rgb = [170, 170, 170];
const BLACK: Rgb = [0, 0, 0];

/// What shows the cells.
#[derive(Clone, Copy)]
pub enum Surface {
    /// VGA text.
    VgaText(VgaText),
    /// A framebuffer.
    Framebuffer(&'static Framebuffer),
}

impl Surface {
    /// Returns the number of rows and of columns.
    pub fn size(self) -> (usize, usize) {
        match self {
            Self::VgaText(_) => (vga_text::ROWS, vga_text::COLUMNS),
            Self::Framebuffer(framebuffer) => framebuffer.size(),
        }
    }

    fn draw(self, row: usize, column: usize, character: char) {
        match self {
            Self::VgaText(vga) => vga.draw(row, column, character),
            Self::Framebuffer(framebuffer) => {
                framebuffer.draw(row, column, character, LIGHT_GREY, BLACK);
            }
        }
    }

    /// Moves the cursor from a cell, where `left` is shown again, to another.
    fn move_cursor(self, from: Cursor, to: Cursor) {
        match self {
            Self::VgaText(vga) => vga.set_cursor(to.row, to.column),
            Self::Framebuffer(framebuffer) => {
                let Cursor { row, column, under } = from;
                framebuffer.draw(row, column, under, LIGHT_GREY, BLACK);
                let Cursor { row, column, under } = to;
                framebuffer.draw(row, column, under, BLACK, LIGHT_GREY);
            }
        }
    }
}

impl fmt::Debug for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = self.size();
        match self {
            Self::VgaText(_) => f.write_str("VGA text")?,
            Self::Framebuffer(framebuffer) => {
                let (width, height) = framebuffer.pixels();
                write!(f, "framebuffer {width} x {height}")?;
            }
        }
        write!(f, ", {columns} x {rows} characters")
    }
}

/// Where the cursor is shown, and on what.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cursor {
    row: usize,
    column: usize,
    under: char,
}

struct Screen {
    surface: Surface,
    rows: usize,
    columns: usize,
    row: usize,
    /// May be one behind the last: the next character begins a new row.
    column: usize,
    /// What is to be shown, row by row.
    cells: Vec<char>,
    /// What is shown.
    shown: Vec<char>,
    cursor: Cursor,
}

impl Screen {
    /// Returns a cleared screen; `None` without memory for its cells.
    fn try_new(surface: Surface) -> Option<Self> {
        let (rows, columns) = surface.size();
        let blank = |content| {
            let mut cells = Vec::new();
            cells.try_reserve_exact(rows * columns).ok()?;
            cells.resize(rows * columns, content);
            Some(cells)
        };
        let cursor = Cursor { row: 0, column: 0, under: ' ' };
        let (cells, shown) = (blank(' ')?, blank('\0')?);
        Some(Self { surface, rows, columns, row: 0, column: 0, cells, shown, cursor })
    }

    /// Changes the cells: `\n` ends a line, `\r` goes to its start, `\x08` goes one
    /// back.
    fn write(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' => self.new_line(),
                '\r' => self.column = 0,
                '\x08' => self.column = self.column.saturating_sub(1),
                _ => {
                    if self.column == self.columns {
                        self.new_line();
                    }
                    self.cells[self.row * self.columns + self.column] = c;
                    self.column += 1;
                }
            }
        }
    }

    fn new_line(&mut self) {
        self.column = 0;
        if self.row < self.rows - 1 {
            self.row += 1;
            return;
        }
        self.cells.copy_within(self.columns.., 0);
        let last = self.cells.len() - self.columns;
        self.cells[last..].fill(' ');
    }

    /// Draws what differs in a row.
    fn show_row(&mut self, row: usize) {
        let start = row * self.columns;
        for column in 0..self.columns {
            let (cell, shown) = (self.cells[start + column], &mut self.shown[start + column]);
            if cell != *shown {
                *shown = cell;
                self.surface.draw(row, column, cell);
                if (self.cursor.row, self.cursor.column) == (row, column) {
                    self.cursor.under = cell;
                }
            }
        }
    }

    fn show_cursor(&mut self) {
        let (row, column) = (self.row, self.column.min(self.columns - 1));
        let cursor = Cursor { row, column, under: self.cells[row * self.columns + column] };
        self.surface.move_cursor(self.cursor, cursor);
        self.cursor = cursor;
    }
}

/// Protects the screen; taken by everything that prints.
static SCREEN: IrqMutex<Option<Screen>> = IrqMutex::new(Rank::Console, None);

/// Takes the screen over, if there is one that can be used.
pub(super) fn start(memory: Memory, information: &BootInformation) -> Option<Surface> {
    let vga = || vga_text::start(memory, information.screen, information.firmware);
    let surface = match vga() {
        Some(vga) => {
            log::add_emergency_sink(vga_text::write_emergency);
            Surface::VgaText(vga)
        }
        None => {
            let framebuffer = framebuffer::start(memory, information.screen?)?;
            framebuffer.clear(BLACK);
            log::add_emergency_sink(framebuffer::write_emergency);
            Surface::Framebuffer(framebuffer)
        }
    };
    let screen = Screen::try_new(surface);
    if screen.is_none() {
        ::log::error!("no memory for the screen's text; going on without a screen");
    }
    let is_there = screen.is_some();
    *SCREEN.lock() = screen;
    is_there.then_some(surface)
}

/// Runs `action` on the screen, if there is one.
fn with_screen<R>(action: impl FnOnce(&mut Screen) -> R) -> Option<R> {
    SCREEN.lock().as_mut().map(action)
}

/// Writes `text`, if there is a screen; a line at a time, and drawn a row at a time, so
/// that interrupts wait no longer than that.
pub(super) fn write(text: &str) {
    for line in text.split_inclusive('\n') {
        with_screen(|screen| screen.write(line));
    }
    let rows = with_screen(|screen| screen.rows).unwrap_or(0);
    for row in 0..rows {
        with_screen(|screen| screen.show_row(row));
    }
    with_screen(Screen::show_cursor);
}

/// Returns the screen's rows and columns.
pub(super) fn size() -> Option<(usize, usize)> {
    with_screen(|screen| (screen.rows, screen.columns))
}

pub(super) fn scroll(_direction: super::Scroll) {}

pub(super) fn show() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn text_wraps_and_scrolls() {
        with_screen(|screen| {
            screen.write("\n");
            let (row, columns) = (screen.row, screen.columns);
            // No String is made: the heap isn't for who holds the screen.
            let starts_with = |screen: &Screen, row: usize, text: &str| {
                let cells = &screen.cells[row * columns..];
                text.chars().zip(cells).all(|(c, &cell)| c == cell)
            };
            for _ in 0..screen.rows {
                screen.write("above\n");
            }
            assert_eq!((screen.row, screen.column), (screen.rows - 1, 0));
            assert!(row <= screen.row);
            screen.write("ab\x08c\rd");
            assert!(starts_with(screen, screen.row, "dc "));
            assert!(starts_with(screen, screen.row - 1, "above "));
            for _ in 0..columns {
                screen.write("x");
            }
            assert_eq!(screen.column, 1, "it was one behind the last, then wrapped");
            assert!(starts_with(screen, screen.row - 1, "dxxx"));
            screen.write("\n");
        })
        .expect("there is a screen");
    }
}
