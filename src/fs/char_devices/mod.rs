//! Devices without hardware: null, zero, full, random, urandom, kmsg.

mod kmsg;
mod memory;
pub mod random_bytes;

use super::attributes::{DeviceNumber, FileKind, Mode};
use super::devices::{self, Device, DeviceNode, OpenDevice};
use super::error::FsError;

/// The major number of all these devices.
///
/// Source: Linux, Documentation/admin-guide/devices.txt, "1 char".
const MAJOR: u32 = 1;

/// Registers the devices.
///
/// # Errors
/// [`FsError::NoMemory`].
pub(super) fn start() -> Result<(), FsError> {
    let list: [(u32, &str, OpenDevice, u16); 6] = [
        (3, "null", memory::open_null, 0o666),
        (5, "zero", memory::open_zero, 0o666),
        (7, "full", memory::open_full, 0o666),
        (8, "random", memory::open_random, 0o666),
        (9, "urandom", memory::open_random, 0o666),
        (11, "kmsg", kmsg::open, 0o644),
    ];
    for (minor, name, open, mode) in list {
        devices::register(Device {
            kind: FileKind::CharDevice,
            number: DeviceNumber { major: MAJOR, minor },
            minors: 1,
            node: Some(DeviceNode { name, mode: Mode::from_bits_truncate(mode) }),
            open,
        })?;
    }
    Ok(())
}
