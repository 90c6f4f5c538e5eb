//! The terminal line discipline, N_TTY of Linux, as a state machine without I/O.
//!
//! A [`LineDiscipline`] stands between a terminal device (a serial line, screen and
//! keyboard, the master of a pseudo-terminal) and the programs that read and write it:
//!
//! ```text
//!  device ── receive ──▶ input queue, edited ── read ──▶ program
//!         ◀─ take_output ── output queue ◀─ echo ┘
//!                               ▲─────────── write ────── program
//! ```
//!
//! - The caller passes the device's bytes to [`LineDiscipline::receive`], and sends the
//!   signals that it returns to the foreground process group.
//! - The caller passes a program's bytes to [`LineDiscipline::write`].
//! - [`LineDiscipline::take_output`] returns the bytes for the device, both echo and output.
//!   For a pseudo-terminal these are the bytes that the master reads.
//! - A program reads with a [`ReadRequest`], which also determines how long to wait for
//!   VMIN and VTIME.
//!
//! One lock around each discipline suffices. Only [`LineDiscipline::try_new`] allocates; no
//! function waits.
//!
//! Where POSIX leaves the behaviour open, it is that of Linux; `tests/linux` compares both.
//! They differ only where a queue is full, the output is stopped, or Linux has a fault:
//!
//! - Echo is put into the output queue at once, according to the attributes at that time.
//!   If there is no room, the newest echo is lost; Linux loses the oldest.
//! - Linux counts columns when it sends echo, not when it queues it. After a signal has
//!   flushed echo that was not yet sent, a tab may have another width.
//! - TCOON sends the delayed echo; Linux sends it with the next echo.
//! - Linux counts the EOF of a full queue in FIONREAD, and with PARMRK a full queue may lose
//!   its first byte.
//!
//! Source: termios(3), ioctl_tty(2); POSIX.1-2024, Base Definitions, "General Terminal
//! Interface".
//!
//! ```
//! use line_discipline::{Device, LineDiscipline, ReadRequest, ReadStep};
//! let mut terminal = LineDiscipline::try_new(Device::Serial).unwrap();
//! terminal.receive(b"lx\x7fs\r");
//!
//! let mut sent = [0; 64];
//! let length = terminal.take_output(&mut sent);
//! assert_eq!(&sent[..length], b"lx\x08 \x08s\r\n");
//!
//! let mut line = [0; 64];
//! let mut request = ReadRequest::new(&terminal);
//! assert_eq!(terminal.read(&mut request, &mut line, 0), ReadStep::Done);
//! assert_eq!(&line[..request.copied()], b"ls\n");
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod buffer;
mod byte_set;
mod character;
mod control_character;
mod discipline;
mod echo;
mod erase;
mod flags;
mod flow;
mod input_queue;
mod output_queue;
mod packet;
mod read;
mod receive;
mod termios;
#[cfg(test)]
mod tests;
mod window_size;

pub use buffer::CreateError;
pub use control_character::{CONTROL_CHARACTERS, ControlCharacter, DISABLED};
pub use discipline::{Device, LineDiscipline, Queues};
pub use flags::{ControlFlags, InputFlags, LocalFlags, OutputFlags};
pub use flow::FlowAction;
pub use input_queue::INPUT_BYTES;
pub use output_queue::{ECHO_RESERVE_BYTES, OUTPUT_BYTES};
pub use packet::PacketStatus;
pub use read::{ReadRequest, ReadStep};
pub use receive::{Received, TerminalSignals};
pub use termios::{TERMIOS_BYTES, TERMIOS2_BYTES, Termios};
pub use window_size::{WINDOW_SIZE_BYTES, WindowSize};
