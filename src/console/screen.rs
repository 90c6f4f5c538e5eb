//! The screen, shared by all who print.

use boot_information::{Firmware, Screen};

use crate::drivers::vga_text::{self, VgaText};
use crate::log;
use crate::mm::Memory;
use crate::sync::{IrqMutex, Rank};

/// Protects the screen; taken by everything that prints.
static SCREEN: IrqMutex<Option<VgaText>> = IrqMutex::new(Rank::Console, None);

/// Takes the screen over; tells whether it is one that can be used.
pub(super) fn start(memory: Memory, screen: Option<Screen>, firmware: Firmware) -> bool {
    let vga = VgaText::try_new(memory, screen, firmware);
    let has_screen = vga.is_some();
    if has_screen {
        log::add_emergency_sink(vga_text::write_emergency);
    }
    *SCREEN.lock() = vga;
    has_screen
}

/// Writes `text`, if there is a screen; a line at a time, so that interrupts wait
/// no longer than that.
pub(super) fn write(text: &str) {
    for line in text.split_inclusive('\n') {
        if let Some(vga) = SCREEN.lock().as_mut() {
            vga.write(line);
        }
    }
}
