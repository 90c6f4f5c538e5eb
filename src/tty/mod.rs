//! Terminals of programs.
//!
//! | module | what |
//! | --- | --- |
//! | [`terminal`] | a terminal: its line discipline, its readers and writers |
//! | [`console_terminal`] | the terminal at the serial line, the screen and the keyboard |
//!
//! The line discipline itself is the crate `line-discipline`. What a terminal sends to processes,
//! signals for the group in the foreground, goes by a function that the room `process` registers.

#![forbid(unsafe_code)]

pub mod console_terminal;
pub mod terminal;
