//! The screen, shared by all who print.

use boot_information::Screen;

use crate::drivers::vga_text::{self, VgaText};
use crate::log;
use crate::sync::{IrqMutex, Rank};

/// Protects the screen; taken by everything that prints.
static SCREEN: IrqMutex<Option<VgaText>> = IrqMutex::new(Rank::Console, None);

/// Takes the screen over; tells whether it is one that can be used.
pub(super) fn start(screen: Option<Screen>) -> bool {
    let vga = VgaText::try_new(screen);
    let has_screen = vga.is_some();
    if has_screen {
        log::add_emergency_sink(vga_text::write_emergency);
    }
    *SCREEN.lock() = vga;
    has_screen
}

/// Writes `text`, if there is a screen.
pub(super) fn write(text: &str) {
    if let Some(vga) = SCREEN.lock().as_mut() {
        vga.write(text);
    }
}
