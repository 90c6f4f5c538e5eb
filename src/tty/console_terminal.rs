//! The terminal of the serial line, the screen and the keyboard: /dev/console, /dev/ttyS0; and
//! /dev/tty, which is the controlling terminal of the process that opens it.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use line_discipline::{Device as LineDevice, WindowSize};

use super::control;
use super::line::{DeviceEnd, Line};
use super::terminal::Terminal;
use super::terminal_file::{OpenedAs, TerminalFile};
use super::terminals;
use crate::console::{self, Console, TYPED_BYTES_MAX, TypedBytes};
use crate::fs::attributes::{DeviceNumber, FileKind, Mode};
use crate::fs::devices::{self, Device, DeviceNode, OpenDevice};
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file::open_flags::OpenFlags;
use crate::sync::WaitQueue;
use crate::task;

/// The device nodes: their names, numbers, and the functions that open them.
///
/// Source: Linux, Documentation/admin-guide/devices.txt.
const NODES: [(&str, u32, u32, OpenDevice); 3] = [
    ("tty", 5, 0, open_controlling),
    ("console", 5, 1, open_console),
    ("ttyS0", 4, 64, open_terminal),
];

/// Makes the terminal and registers its devices. Called before /dev is made.
///
/// # Panics
/// If there is no memory for it.
pub(super) fn start(_console: Console) {
    let line = Line::Device(DeviceEnd::new(console::write_bytes));
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
            node: Some(DeviceNode { name, mode: Mode::from_bits_truncate(mode) }),
            open,
        };
        devices::register(device).expect("the numbers of the console are free");
    }
}

/// Whether attention was requested, and [`give_input_back`] has not been called since.
static HAS_ATTENTION: AtomicBool = AtomicBool::new(false);
/// Woken by [`give_input_back`].
static INPUT_IS_BACK: WaitQueue = WaitQueue::new();

/// Starts a thread that passes typed bytes to the terminal. A request for attention,
/// Ctrl-Alt-Escape or a BREAK, calls `on_attention`; then the thread reads nothing until
/// [`give_input_back`] is called, so that the prompt can read.
///
/// # Errors
/// See [`task::SpawnError`].
pub fn take_input(on_attention: fn()) -> Result<(), task::SpawnError> {
    task::spawn("tty", move || {
        let mut bytes = [0; TYPED_BYTES_MAX];
        loop {
            match console::wait_bytes(&mut bytes) {
                TypedBytes::Input(len) => terminals::console().receive(&bytes[..len]),
                TypedBytes::Attention => {
                    HAS_ATTENTION.store(true, Ordering::Release);
                    on_attention();
                    INPUT_IS_BACK.wait_until(|| !has_attention());
                }
            }
        }
    })
    .map(drop)
}

/// Returns whether attention was requested.
pub fn has_attention() -> bool {
    HAS_ATTENTION.load(Ordering::Acquire)
}

/// Continues to pass typed bytes to the terminal.
pub fn give_input_back() {
    HAS_ATTENTION.store(false, Ordering::Release);
    INPUT_IS_BACK.wake_all();
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
