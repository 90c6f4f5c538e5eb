//! The VGA text screen: 80 × 25 cells of a character and an attribute.
//!
//! Source: IBM VGA Technical Reference, "Alphanumeric modes" and "CRT
//! controller registers".

use core::sync::atomic::{AtomicU32, Ordering};

use boot_information::{Firmware, Screen, ScreenKind};
use spin::Once;

use crate::arch::ports::{CRTC_DATA, CRTC_INDEX};
use crate::mm::device_memory::DeviceMemory;
use crate::mm::{Memory, layout};

/// Cells in a row.
pub const COLUMNS: usize = 80;
/// Rows of the screen.
pub const ROWS: usize = 25;

/// Light grey on black.
pub const PLAIN: u8 = 0x07;
/// White on red.
pub const ALARM: u8 = 0x4F;

const BLANK: u16 = (PLAIN as u16) << 8 | b' ' as u16;

/// Where emergency text goes on: the cell's index. Before there was any:
const NO_EMERGENCY: u32 = u32::MAX;
static EMERGENCY_CELL: AtomicU32 = AtomicU32::new(NO_EMERGENCY);

static CELLS: Once<DeviceMemory> = Once::new();

/// The screen. There is one, made by [`VgaText::try_new`].
pub struct VgaText {
    row: usize,
    column: usize,
    /// What is shown: reading it back from the device is slow.
    cells: [u16; ROWS * COLUMNS],
}

impl VgaText {
    /// Returns the screen if the loader left it in text mode. A BIOS loader that
    /// describes no screen at all leaves it as the BIOS does, in text mode; on UEFI
    /// there is no text mode.
    pub fn try_new(_memory: Memory, screen: Option<Screen>, firmware: Firmware) -> Option<Self> {
        let is_text = match screen {
            Some(screen) => {
                screen.kind == ScreenKind::Text
                    && screen.address == layout::VGA_TEXT.as_u64()
                    && (screen.width as usize, screen.height as usize) == (COLUMNS, ROWS)
            }
            None => firmware == Firmware::Bios,
        };
        if !is_text || !map_cells() {
            return None;
        }
        let mut vga = Self { row: 0, column: 0, cells: [BLANK; ROWS * COLUMNS] };
        vga.show_all();
        Some(vga)
    }

    /// Writes `text` at the cursor: `\n` ends a line, `\r` goes to its start,
    /// `\x08` goes one back. What isn't printable ASCII shows as a block.
    pub fn write(&mut self, text: &str) {
        for c in text.chars() {
            self.write_char(c);
        }
        self.move_cursor();
    }

    fn write_char(&mut self, c: char) {
        match c {
            '\n' => self.new_line(),
            '\r' => self.column = 0,
            '\x08' => self.column = self.column.saturating_sub(1),
            _ => {
                if self.column == COLUMNS {
                    self.new_line();
                }
                let index = self.row * COLUMNS + self.column;
                self.cells[index] = cell(c, PLAIN);
                write_cell(index, self.cells[index]);
                self.column += 1;
            }
        }
    }

    fn new_line(&mut self) {
        self.column = 0;
        if self.row < ROWS - 1 {
            self.row += 1;
            return;
        }
        self.cells.copy_within(COLUMNS.., 0);
        self.cells[(ROWS - 1) * COLUMNS..].fill(BLANK);
        self.show_all();
    }

    fn show_all(&mut self) {
        for (index, &cell) in self.cells.iter().enumerate() {
            write_cell(index, cell);
        }
    }

    fn move_cursor(&mut self) {
        const CURSOR_HIGH: u8 = 0x0E;
        const CURSOR_LOW: u8 = 0x0F;
        let column = self.column.min(COLUMNS - 1);
        let [low, high] = ((self.row * COLUMNS + column) as u16).to_le_bytes();
        for (register, value) in [(CURSOR_HIGH, high), (CURSOR_LOW, low)] {
            CRTC_INDEX.write(register);
            CRTC_DATA.write(value);
        }
    }
}

/// Writes `text` in alarming colours on a screen that was cleared for it, and
/// back at the top when that is full. Takes no lock.
pub fn write_emergency(text: &str) {
    let mut index = EMERGENCY_CELL.load(Ordering::Relaxed) as usize;
    if index == NO_EMERGENCY as usize {
        (0..ROWS * COLUMNS).for_each(|index| write_cell(index, cell(' ', ALARM)));
        index = 0;
    }
    for c in text.chars() {
        if c == '\n' {
            index = (index / COLUMNS + 1) % ROWS * COLUMNS;
        } else {
            write_cell(index, cell(c, ALARM));
            index = (index + 1) % (ROWS * COLUMNS);
        }
    }
    EMERGENCY_CELL.store(index as u32, Ordering::Relaxed);
}

fn cell(c: char, attribute: u8) -> u16 {
    // Code page 437's block.
    const BLOCK: u8 = 0xFE;
    let code = if matches!(c, ' '..='~') { c as u8 } else { BLOCK };
    u16::from_le_bytes([code, attribute])
}

/// Maps the cells, the first time; tells whether they are mapped.
fn map_cells() -> bool {
    const CELLS_BYTES: u64 = 2 * (ROWS * COLUMNS) as u64;
    if CELLS.is_completed() {
        return true;
    }
    // SAFETY: what is written there is shown and does nothing else.
    match unsafe { DeviceMemory::map("VGA text", layout::VGA_TEXT, CELLS_BYTES) } {
        Ok(cells) => {
            CELLS.call_once(|| cells);
            true
        }
        Err(error) => {
            log::error!("the VGA's memory can't be mapped: {error}; going on without a screen");
            false
        }
    }
}

fn write_cell(index: usize, value: u16) {
    if let Some(cells) = CELLS.get() {
        cells.write_u16(2 * index as u64, value);
    }
}
