//! Text in and out, for a person: the serial line and the screen as one.
//!
//! Each of the two works without the other. What is printed goes to both; what
//! is typed on either is read here.

#![forbid(unsafe_code)]

pub mod history;
mod input;
mod line;
mod screen;

use core::fmt::{self, Write};

use boot_information::BootInformation;

use crate::arch::progress::{self, Stage};
use crate::drivers::keyboard::Keyboard;
use crate::drivers::serial::{self, Serial};
use crate::log;
use crate::mm::Memory;

pub use input::{Key, try_read_key, wait_key};
pub use line::{LINE_MAX_BYTES, read_line};
pub use screen::Surface;

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

/// Starts the screen, if there is one, and shows on it what was logged so far.
pub fn start(
    serial: Serial,
    keyboard: Keyboard,
    memory: Memory,
    information: &BootInformation,
) -> Console {
    progress::mark(Stage::Console);
    let screen = screen::start(memory, information);
    match screen {
        Some(surface) => {
            history::replay(screen::write);
            log::add_sink(screen::write);
            ::log::info!("serial line and {surface}");
        }
        None => ::log::info!("serial line and no screen"),
    }
    Console { serial, screen, keyboard }
}

/// Writes `text` on the serial line and the screen.
pub fn write(text: &str) {
    serial::write(text);
    screen::write(text);
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
