//! A terminal: converts the output of programs into a grid of cells.
//!
//! It supports the sequences of a VT100, an xterm and the Linux console for text on a
//! screen. It accesses no device: the driver of a screen reads the cells, row by row.
//!
//! ```
//! use terminal::{Color, Terminal};
//! let mut terminal = Terminal::try_new(25, 80, 1000)?;
//! terminal.write(b"\x1b[2;5H\x1b[31mred");
//! let cell = terminal.row(1)[4];
//! assert_eq!((cell.character, cell.style.foreground), ('r', Color::Indexed(1)));
//! assert_eq!(terminal.cursor(), Some((1, 7)));
//! # Ok::<(), terminal::Error>(())
//! ```
//!
//! - Every character takes one cell, even a wide one. Combining characters and others
//!   without a width are dropped.
//! - Bytes that aren't UTF-8, and the control characters U+0080 to U+009F, become U+FFFD.
//! - LF only moves down; the end of a line is CR LF.
//! - Mouse modes, bracketed paste and strings (OSC, DCS, APC, PM, SOS) have no effect.
//! - Nothing is allocated after [`Terminal::try_new`]. No sequence takes more time than
//!   writing all cells of a screen.
//!
//! Source: ECMA-48, "Control Functions for Coded Character Sets"; DEC, "VT100 User
//! Guide", chapter 3; "XTerm Control Sequences"; the manual page console_codes(4).

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod cell;
mod charset;
mod color;
mod cursor;
mod edit;
mod error;
mod grid;
mod modes;
mod movement;
mod perform;
mod reply;
mod request_filter;
mod screen;
mod set_mode;
mod sgr;
mod tabs;
mod terminal;
#[cfg(test)]
mod tests;
mod zero_width;

pub use cell::{Cell, Style};
pub use color::Color;
pub use error::Error;
pub use request_filter::RequestFilter;
pub use terminal::Terminal;
