//! Text in and out, for the user: the serial line and the screen as one.
//!
//! Each of the two works without the other. What is printed goes to both; what
//! is typed on either is read here.

#![forbid(unsafe_code)]

mod emergency;
pub mod history;
mod input;
mod line;
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

pub use emergency::EmergencyInput;
pub use input::{Source, Typed, is_interrupted, try_read_key, wait_key, wait_key_for};
pub use line::{LINE_MAX_BYTES, LineInput};
pub use screen::Scroll;
pub use surface::Surface;

/// What a person can see and type on.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// The serial line.
    pub serial: Serial,
    /// The screen, if there is one.
    pub screen: Option<Surface>,
    /// The keyboard.
    pub keyboard: Keyboard,
}

/// Starts the screen that the loader has set up, as far as it needs no memory: from here on
/// log lines, stages of the start and reports are shown on it.
pub fn start_early(information: &BootInformation) -> Option<Surface> {
    boot_stage::mark(Stage::EarlyScreen);
    let Some(surface) = Surface::find(information) else {
        ::log::info!("no screen");
        return None;
    };
    emergency::start(surface);
    history::for_each(screen::log);
    klog::add_sink(screen::log);
    boot_stage::set_observer(screen::show_stage);
    ::log::info!("{surface}");
    Some(surface)
}

/// Makes the screen a terminal.
pub fn start_terminal(memory: Memory, screen: Option<Surface>) {
    boot_stage::mark(Stage::Screen);
    if let Some(surface) = screen
        && !screen::start(memory, surface)
    {
        ::log::error!("no memory for the screen's text: only the log is shown there");
    }
}

/// Returns the console, whose screen shows late what is printed while nothing waits for
/// keys.
pub fn start(timer: Timer, serial: Serial, keyboard: Keyboard, screen: Option<Surface>) -> Console {
    if screen.is_some() {
        screen::use_timer(timer);
    }
    Console { serial, screen, keyboard }
}

/// Printed, it clears the screen and goes to its first row.
pub const CLEAR: &str = "\x1B[H\x1B[2J";

/// The rows and columns of a terminal at the serial line, of which nothing is known.
const SERIAL_SIZE: (usize, usize) = (24, 80);

/// Returns the rows and columns that the user sees: the screen's, or, without one, a
/// terminal's.
pub fn size() -> (usize, usize) {
    screen::size().unwrap_or(SERIAL_SIZE)
}

/// Returns how many columns screen and serial line both have.
fn columns() -> usize {
    size().1.min(SERIAL_SIZE.1)
}

/// Shows what has left the screen, half a screen further.
pub fn scroll(direction: Scroll) {
    screen::scroll(direction);
}

/// Changes the colours of text that has none of its own, on the screen.
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

/// Writes `text` on the screen alone.
pub fn write_screen(text: &str) {
    screen::write(text);
}

/// Draws what was printed and isn't shown yet.
pub fn show_screen() {
    screen::show();
}

/// Writes `text` on the serial line alone.
pub fn write_serial(text: &str) {
    serial::write(text);
}

/// Writes `text` on the serial line and the screen.
pub fn write(text: &str) {
    serial::write(text);
    screen::write(text);
}

/// Shows all that was printed, and waits until it has left the serial line: before
/// the machine may end.
pub fn flush() {
    screen::show();
    serial::flush();
}

/// Everything printed goes through here.
#[doc(hidden)]
pub fn print(arguments: fmt::Arguments<'_>) {
    // The writer takes everything.
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
