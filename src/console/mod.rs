//! The console: the serial line, the screen and the keyboard.
//!
//! The serial line and the screen also work alone. Printed text is written to both, and input is
//! read from the serial line and the keyboard.

#![forbid(unsafe_code)]

mod emergency;
mod emergency_input;
pub mod history;
mod input;
mod key_bytes;
mod line;
mod program_output;
mod screen;
mod surface;

use core::fmt::{self, Write};

use boot_information::BootInformation;
use terminal::Color;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::time::timer::Timer;
use crate::drivers::char::keyboard::Keyboard;
use crate::drivers::char::serial::{self, Serial};
use crate::klog;
use crate::mm::Memory;

pub use emergency_input::EmergencyInput;
pub use input::{
    Source, TYPED_BYTES_MAX, Typed, TypedBytes, is_interrupted, try_read_key, wait_bytes, wait_key,
    wait_key_for,
};
pub use line::{LINE_MAX_BYTES, LineInput};
pub use program_output::write_bytes;
pub use screen::Scroll;
pub use surface::Surface;

/// The devices of the console.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// The serial line.
    pub serial: Serial,
    /// The screen, if there is one.
    pub screen: Option<Surface>,
    /// The keyboard.
    pub keyboard: Keyboard,
}

/// Starts the screen that the loader has initialized, as far as that needs no memory: from now on
/// it shows log lines, boot stages and reports.
pub fn start_early(information: &BootInformation) -> Option<Surface> {
    boot_stage::mark(Stage::EarlyScreen);
    let Some(surface) = Surface::find(information) else {
        ::log::info!("no screen");
        return None;
    };
    emergency::start(surface);
    history::for_each(screen::log);
    klog::add_console_sink(screen::log);
    boot_stage::set_observer(screen::show_stage);
    ::log::info!("{surface}");
    Some(surface)
}

/// Makes the screen a terminal, which keeps its cells in memory.
pub fn start_terminal(memory: Memory, screen: Option<Surface>) {
    boot_stage::mark(Stage::Screen);
    if let Some(surface) = screen
        && !screen::start(memory, surface)
    {
        ::log::error!("no memory for the screen's text: only the log is shown there");
    }
}

/// Returns the console. From now on the timer's interrupts draw printed text that has not been
/// drawn for a while.
pub fn start(timer: Timer, serial: Serial, keyboard: Keyboard, screen: Option<Surface>) -> Console {
    boot_stage::mark(Stage::Console);
    if screen.is_some() {
        screen::use_timer(timer);
    }
    input::start(serial);
    Console { serial, screen, keyboard }
}

/// The text that clears the screen and moves the cursor to its first row.
pub const CLEAR: &str = "\x1B[H\x1B[2J";

/// The assumed rows and columns of a terminal at the serial line.
const SERIAL_SIZE: (usize, usize) = (24, 80);

/// Returns the rows and columns of the screen; without a screen, those of a terminal.
pub fn size() -> (usize, usize) {
    screen::size().unwrap_or(SERIAL_SIZE)
}

/// Returns whether there is a screen, and the memory for its text.
pub fn has_screen() -> bool {
    screen::size().is_some()
}

/// Returns the number of columns that both the screen and the serial line have.
fn columns() -> usize {
    size().1.min(SERIAL_SIZE.1)
}

/// Scrolls the view of the screen by half a screen.
pub fn scroll(direction: Scroll) {
    screen::scroll(direction);
}

/// Changes the screen's default colours.
pub fn set_colors(foreground: Color, background: Color) {
    screen::set_colors(foreground, background);
}

/// Runs `action` while the serial line is locked.
pub fn while_serial_locked<R>(action: impl FnOnce() -> R) -> R {
    serial::while_locked(action)
}

/// Runs `action` while the screen is locked.
pub fn while_screen_locked<R>(action: impl FnOnce() -> R) -> R {
    screen::while_locked(action)
}

/// Writes `text` only on the screen.
pub fn write_screen(text: &str) {
    screen::write(text);
}

/// Draws printed text that has not been drawn yet.
pub fn show_screen() {
    screen::show();
}

/// Writes `text` only on the serial line.
pub fn write_serial(text: &str) {
    serial::write(text);
}

/// Writes `text` on the serial line and the screen.
pub fn write(text: &str) {
    serial::write(text);
    screen::write(text);
}

/// Draws all printed text, and waits until the serial line has sent it. Called before the machine
/// is switched off.
pub fn flush() {
    screen::show();
    serial::flush();
}

/// Writes formatted text, for [`print!`](crate::print).
#[doc(hidden)]
pub fn print(arguments: fmt::Arguments<'_>) {
    // `Output` never fails.
    let _ = Output.write_fmt(arguments);
}

/// The serial line and the screen.
pub struct Output;

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write(text);
        Ok(())
    }
}

/// Prints on the serial line and the screen.
#[macro_export]
macro_rules! print {
    ($($argument:tt)*) => { $crate::console::print(format_args!($($argument)*)) };
}

/// Prints a line on the serial line and the screen.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($argument:tt)*) => { $crate::print!("{}\n", format_args!($($argument)*)) };
}
