//! The devices of pseudo-terminals.
//!
//! Source: pty(7), pts(4).

use alloc::sync::Arc;

use line_discipline::Device as LineDevice;

use super::devpts::{self, PTMX, SLAVE_MAJOR};
use super::line::Line;
use super::master::MasterFile;
use super::master_end::MasterEnd;
use super::processes;
use super::terminal::Terminal;
use super::terminal_file::{OpenedAs, TerminalFile};
use super::terminals::{self, PTYS_MAX};
use crate::fs::attributes::{DeviceNumber, FileKind, Mode};
use crate::fs::devices::{self, Device, DeviceNode};
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file::open_flags::OpenFlags;

/// Registers the devices.
///
/// # Errors
/// [`FsError::NoMemory`].
pub(super) fn register() -> Result<(), FsError> {
    devices::register(Device {
        kind: FileKind::CharDevice,
        number: PTMX,
        minors: 1,
        node: Some(DeviceNode { name: "ptmx", mode: Mode::from_bits_truncate(0o666) }),
        open: open_master,
    })?;
    devices::register(Device {
        kind: FileKind::CharDevice,
        number: DeviceNumber { major: SLAVE_MAJOR, minor: 0 },
        minors: PTYS_MAX,
        node: None,
        open: open_slave,
    })
}

/// Makes a pseudo-terminal, and opens its master.
fn open_master(_number: DeviceNumber, _flags: OpenFlags) -> Result<Arc<dyn FileOps>, FsError> {
    let line = Line::Master(MasterEnd::new());
    let terminal = Terminal::try_new(LineDevice::Pseudo, line).map_err(|_| FsError::NoMemory)?;
    let terminal = Arc::try_new(terminal)?;
    let Line::Master(end) = &terminal.line else {
        return Err(FsError::Io);
    };
    let number = terminals::add_pty(&terminal, end)?;
    let owner = processes::caller().map_or((0, 0), |caller| (caller.uid, caller.gid));
    devpts::make_node(number, owner)?;
    Ok(Arc::try_new(MasterFile::new(terminal))?)
}

fn open_slave(number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn FileOps>, FsError> {
    let terminal = terminals::pty(number.minor).ok_or(FsError::Io)?;
    TerminalFile::open(terminal, OpenedAs::Terminal, flags)
}
