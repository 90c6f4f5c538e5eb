//! The VGA text screen: 80 × 25 cells of a character and an attribute.
//!
//! Source: IBM VGA Technical Reference, "Alphanumeric modes" and "CRT
//! controller registers".

use boot_information::{BootInformation, Firmware, ScreenKind};
use oem_cp::code_table::ENCODING_TABLE_CP437;
use spin::Once;

use crate::arch::ports::{CRTC_DATA, CRTC_INDEX};
use crate::mm::kernel::device_memory::{self, DeviceMemory, Writes};
use crate::mm::kernel::{layout, screen_memory};

/// The number of cells in a row.
pub const COLUMNS: usize = 80;
/// The number of rows.
pub const ROWS: usize = 25;

static CELLS: Once<DeviceMemory> = Once::new();

/// The mapped screen.
#[derive(Clone, Copy, Debug)]
pub struct VgaText(());

/// Uses the screen if the loader left it in text mode. If a BIOS loader describes no screen, the
/// BIOS's text mode is still set; UEFI has no text mode. Needs no heap, and still works after the
/// kernel has loaded its own page tables. Called once.
///
/// # Errors
/// If its memory can't be mapped.
pub fn start(information: &BootInformation) -> Result<Option<VgaText>, device_memory::Error> {
    const CELLS_BYTES: u64 = 2 * (ROWS * COLUMNS) as u64;
    let is_text = match information.screen {
        Some(screen) => {
            screen.kind == ScreenKind::Text
                && screen.address == layout::VGA_TEXT.as_u64()
                && (screen.width as usize, screen.height as usize) == (COLUMNS, ROWS)
        }
        None => information.firmware == Firmware::Bios,
    };
    if !is_text {
        return Ok(None);
    }
    // SAFETY: writes only change the picture.
    let cells = unsafe {
        screen_memory::map(information, "VGA text", layout::VGA_TEXT, CELLS_BYTES, Writes::Strict)
    };
    let cells = cells?;
    CELLS.call_once(|| cells);
    Ok(Some(VgaText(())))
}

impl VgaText {
    /// Draws a character in a cell, in two of the 16 colours, with ANSI's numbers. Characters that
    /// code page 437 doesn't have are shown as a block.
    pub fn draw(self, row: usize, column: usize, c: char, foreground: u8, background: u8) {
        // Code page 437's block.
        const BLOCK: u8 = 0xFE;
        let code = if c.is_ascii() { Some(c as u8) } else { ENCODING_TABLE_CP437.get(&c).copied() };
        let attribute = attribute(background) << 4 | attribute(foreground);
        let cell = u16::from_le_bytes([code.unwrap_or(BLOCK), attribute]);
        if let Some(cells) = CELLS.get() {
            cells.write_u16(2 * (row * COLUMNS + column) as u64, cell);
        }
    }

    /// Moves the cursor to a cell. A row after the last one hides it.
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

/// Converts ANSI's number of a colour to the VGA's, in which red and blue are exchanged.
fn attribute(color: u8) -> u8 {
    let [red, blue] = [color & 1, color >> 2 & 1];
    color & 0b1010 | red << 2 | blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn colours_have_the_numbers_of_the_vga() {
        // Black, red, green, brown, blue, magenta, cyan, light grey.
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(attribute), [0, 4, 2, 6, 1, 5, 3, 7]);
        assert_eq!(attribute(9), 12);
    }
}
