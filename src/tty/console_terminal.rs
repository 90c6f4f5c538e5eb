//! The terminal at the serial line, the screen and the keyboard: /dev/console, /dev/tty, /dev/ttyS0.

use alloc::sync::Arc;

use line_discipline::{Device as LineDevice, WindowSize};
use spin::Once;

use super::terminal::Terminal;
use crate::console::{self, Console, TYPED_BYTES_MAX};
use crate::fs::attributes::{DeviceNumber, FileKind, Mode};
use crate::fs::devices::{self, Device};
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::readiness::{PollQueue, Readiness};
use crate::fs::io::{Sink, Source};
use crate::task;

/// Filled once, by [`start`].
static TERMINAL: Once<Arc<Terminal>> = Once::new();

/// The device nodes that lead to it: their names and numbers.
///
/// Source: Linux, Documentation/admin-guide/devices.txt.
const NODES: [(&str, u32, u32); 3] = [("tty", 5, 0), ("console", 5, 1), ("ttyS0", 4, 64)];

/// Makes the terminal and registers its devices, before /dev is made.
///
/// # Panics
/// If there is no memory for it.
pub fn start(_console: Console) {
    let terminal = Terminal::try_new(LineDevice::Serial, console::write_bytes);
    let terminal = terminal.expect("there is memory for the console's terminal");
    let (rows, columns) = console::size();
    let size = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    terminal.set_window_size(WindowSize {
        rows: size(rows),
        columns: size(columns),
        ..WindowSize::default()
    });
    TERMINAL.call_once(|| Arc::new(terminal));
    for (name, major, minor) in NODES {
        let device = Device {
            kind: FileKind::CharDevice,
            number: DeviceNumber { major, minor },
            name,
            mode: Mode::from_bits_truncate(0o620),
            open,
        };
        devices::register(device).expect("the numbers of the console are free");
    }
}

/// Returns the terminal.
///
/// # Panics
/// If [`start`] wasn't called.
pub fn terminal() -> &'static Arc<Terminal> {
    TERMINAL.get().expect("the console's terminal is started before programs")
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
            terminal().receive(&bytes[..len]);
        }
    })
    .map(drop)
}

fn open(_number: DeviceNumber, _flags: OpenFlags) -> Result<Arc<dyn FileOps>, FsError> {
    let file = TerminalFile(terminal().clone());
    Ok(Arc::try_new(file).map_err(|_| FsError::NoMemory)?)
}

/// An open terminal.
pub struct TerminalFile(Arc<Terminal>);

impl TerminalFile {
    /// Returns the terminal.
    pub fn terminal(&self) -> &Arc<Terminal> {
        &self.0
    }
}

impl FileOps for TerminalFile {
    fn read(&self, flags: OpenFlags, _offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        self.0.read(to, flags.contains(OpenFlags::NONBLOCK))
    }

    fn write(
        &self,
        flags: OpenFlags,
        _offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        self.0.write(from, flags.contains(OpenFlags::NONBLOCK))
    }

    fn readiness(&self) -> Readiness {
        self.0.readiness()
    }

    fn poll_queue(&self) -> Option<&PollQueue> {
        Some(self.0.poll_queue())
    }
}
