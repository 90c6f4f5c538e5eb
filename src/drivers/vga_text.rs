//! The VGA text screen: 80 × 25 cells of a character and an attribute.
//!
//! Source: IBM VGA Technical Reference, "Alphanumeric modes" and "CRT
//! controller registers".

use core::sync::atomic::{AtomicU32, Ordering};

use boot_information::{Firmware, Screen, ScreenKind};
use spin::Once;

use crate::arch::ports::{CRTC_DATA, CRTC_INDEX};
use crate::mm::device_memory::{DeviceMemory, Writes};
use crate::mm::{Memory, layout};

/// Cells in a row.
pub const COLUMNS: usize = 80;
/// Rows of the screen.
pub const ROWS: usize = 25;

/// Light grey on black.
const PLAIN: u8 = 0x07;
/// White on red.
const ALARM: u8 = 0x4F;

/// Where emergency text goes on: the cell's index. Before there was any:
const NO_EMERGENCY: u32 = u32::MAX;
static EMERGENCY_CELL: AtomicU32 = AtomicU32::new(NO_EMERGENCY);

static CELLS: Once<DeviceMemory> = Once::new();

/// The screen, mapped.
#[derive(Clone, Copy, Debug)]
pub struct VgaText(());

/// Takes the screen over if the loader left it in text mode. A BIOS loader that
/// describes no screen at all leaves it as the BIOS does, in text mode; on UEFI there
/// is no text mode.
pub fn start(_memory: Memory, screen: Option<Screen>, firmware: Firmware) -> Option<VgaText> {
    const CELLS_BYTES: u64 = 2 * (ROWS * COLUMNS) as u64;
    let is_text = match screen {
        Some(screen) => {
            screen.kind == ScreenKind::Text
                && screen.address == layout::VGA_TEXT.as_u64()
                && (screen.width as usize, screen.height as usize) == (COLUMNS, ROWS)
        }
        None => firmware == Firmware::Bios,
    };
    if !is_text || CELLS.is_completed() {
        return CELLS.get().map(|_| VgaText(()));
    }
    // SAFETY: what is written there is shown and does nothing else.
    let cells =
        unsafe { DeviceMemory::map("VGA text", layout::VGA_TEXT, CELLS_BYTES, Writes::Strict) };
    match cells {
        Ok(cells) => {
            CELLS.call_once(|| cells);
            Some(VgaText(()))
        }
        Err(error) => {
            log::error!("the VGA's memory can't be mapped: {error}; going on without a screen");
            None
        }
    }
}

impl VgaText {
    /// Shows a character in a cell. What isn't printable ASCII shows as a block.
    pub fn draw(self, row: usize, column: usize, character: char) {
        write_cell(row * COLUMNS + column, cell(character, PLAIN));
    }

    /// Moves the cursor to a cell.
    pub fn set_cursor(self, row: usize, column: usize) {
        const CURSOR_HIGH: u8 = 0x0E;
        const CURSOR_LOW: u8 = 0x0F;
        let [low, high] = ((row * COLUMNS + column) as u16).to_le_bytes();
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

fn write_cell(index: usize, value: u16) {
    if let Some(cells) = CELLS.get() {
        cells.write_u16(2 * index as u64, value);
    }
}
