//! The terminal at the serial line, the screen and the keyboard: /dev/console, /dev/ttyS0; and
//! /dev/tty, which is the controlling terminal of the process that opens it.

use alloc::sync::Arc;

use line_discipline::{Device as LineDevice, WindowSize};

use super::control;
use super::terminal::{Line, Terminal};
use super::terminal_file::{OpenedAs, TerminalFile};
use super::terminals;
use crate::console::{self, Console, TYPED_BYTES_MAX};
use crate::fs::attributes::{DeviceNumber, FileKind, Mode};
use crate::fs::devices::{self, Device, Node, OpenDevice};
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file::open_flags::OpenFlags;
use crate::task;

/// The device nodes that lead to it: their names, numbers, and what opens them.
///
/// Source: Linux, Documentation/admin-guide/devices.txt.
const NODES: [(&str, u32, u32, OpenDevice); 3] = [
    ("tty", 5, 0, open_controlling),
    ("console", 5, 1, open_console),
    ("ttyS0", 4, 64, open_terminal),
];

/// Makes the terminal and registers its devices, before /dev is made.
///
/// # Panics
/// If there is no memory for it.
pub(super) fn start(_console: Console) {
    let line = Line::Device(console::write_bytes);
    let terminal = Terminal::try_new(LineDevice::Serial, line);
    let terminal = terminal.expect("there is memory for the console's terminal");
    let (rows, columns) = console::size();
    let size = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    terminal.set_window_size(WindowSize {
        rows: size(rows),
        columns: size(columns),
        ..WindowSize::default()
    });
    terminals::set_console(Arc::new(terminal));
    for (name, major, minor, open) in NODES {
        let mode = if major == 5 && minor == 0 { 0o666 } else { 0o620 };
        let device = Device {
            kind: FileKind::CharDevice,
            number: DeviceNumber { major, minor },
            minors: 1,
            node: Some(Node { name, mode: Mode::from_bits_truncate(mode) }),
            open,
        };
        devices::register(device).expect("the numbers of the console are free");
    }
}

/// Passes what is typed to the terminal from now on, in a thread of its own. The prompt reads nothing
/// any more.
///
/// # Errors
/// See [`task::SpawnError`].
pub fn take_input() -> Result<(), task::SpawnError> {
    task::spawn("tty", || {
        let mut bytes = [0; TYPED_BYTES_MAX];
        loop {
            let len = console::wait_bytes(&mut bytes);
            terminals::console().receive(&bytes[..len]);
        }
    })
    .map(drop)
}

fn open_terminal(_number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn FileOps>, FsError> {
    TerminalFile::open(terminals::console().clone(), OpenedAs::Terminal, flags)
}

fn open_console(_number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn FileOps>, FsError> {
    TerminalFile::open(terminals::console().clone(), OpenedAs::Console, flags)
}

/// Opens the controlling terminal of the caller.
fn open_controlling(_number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn FileOps>, FsError> {
    let terminal = control::of_caller().ok_or(FsError::NoDevice)?;
    TerminalFile::open(terminal, OpenedAs::Terminal, flags)
}
