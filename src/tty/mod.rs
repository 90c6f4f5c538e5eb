//! Terminals of programs.
//!
//! | module | what |
//! | --- | --- |
//! | [`terminal`] | a terminal: its line discipline, its readers and writers |
//! | [`terminals`] | the list of all terminals |
//! | [`terminal_file`] | an open terminal |
//! | [`console_terminal`] | the terminal of the serial line, the screen and the keyboard |
//! | [`line`] | the other end of its line: a device, or a master |
//! | [`pty`], [`master`], [`master_end`] | pseudo-terminals, and their masters |
//! | [`devpts`] | the file system with the slaves |
//! | [`control`] | controlling terminals, foreground groups, hang-ups |
//! | [`processes`] | the functions of processes that terminals call |
//!
//! The line discipline itself is the crate `line-discipline`.

#![forbid(unsafe_code)]

pub mod console_terminal;
pub mod control;
pub mod devpts;
mod line;
pub mod master;
mod master_end;
pub mod processes;
mod pty;
pub mod terminal;
pub mod terminal_file;
pub mod terminals;
#[cfg(test)]
mod tests;

use crate::console::Console;
use crate::fs::Files;

/// Makes the terminal of the console, and registers the devices. Called before /dev is made.
///
/// # Panics
/// If there is no memory for it.
pub fn start(console: Console) {
    console_terminal::start(console);
    pty::register().expect("there is memory for two devices");
}

/// Mounts the file system with the slaves of pseudo-terminals on /dev/pts.
pub fn start_ptys(files: Files) {
    if let Err(error) = devpts::start(files) {
        log::error!("/dev/pts: {error}");
    }
}
