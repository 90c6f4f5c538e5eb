//! Devices by their numbers.
//!
//! A device registers its number, its name in /dev, and a function that opens it. A device node of
//! any file system leads here.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::attributes::{DeviceNumber, FileKind, Mode};
use super::error::FsError;
use super::file::file_ops::FileOps;
use super::file::open_flags::OpenFlags;
use crate::sync::{Rank, SpinMutex};

/// Opens a device.
pub type OpenDevice = fn(DeviceNumber, OpenFlags) -> Result<Arc<dyn FileOps>, FsError>;

/// A device.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    /// A character or a block device.
    pub kind: FileKind,
    /// Its number.
    pub number: DeviceNumber,
    /// Its name in /dev.
    pub name: &'static str,
    /// The permission bits of its node in /dev.
    pub mode: Mode,
    /// What opens it.
    pub open: OpenDevice,
}

/// Protects the list; held to add one or to look one up; not taken by interrupt handlers.
static DEVICES: SpinMutex<Vec<Device>> = SpinMutex::new(Rank::Files, Vec::new());

/// Adds `device`.
///
/// # Errors
/// [`FsError::Exists`] if its number is taken; [`FsError::NoMemory`].
pub fn register(device: Device) -> Result<(), FsError> {
    let mut devices = DEVICES.lock();
    let is_taken =
        devices.iter().any(|other| (other.kind, other.number) == (device.kind, device.number));
    if is_taken {
        return Err(FsError::Exists);
    }
    devices.try_reserve(1)?;
    devices.push(device);
    Ok(())
}

/// Opens the device with this number.
///
/// # Errors
/// [`FsError::NoDevice`] if there is none, and those of the device.
pub(super) fn open(
    kind: FileKind,
    number: DeviceNumber,
    flags: OpenFlags,
) -> Result<Arc<dyn FileOps>, FsError> {
    let devices = DEVICES.lock();
    let found = devices.iter().find(|device| (device.kind, device.number) == (kind, number));
    let open = found.ok_or(FsError::NoDevice)?.open;
    drop(devices);
    open(number, flags)
}

/// Returns the device with this place in the list.
pub(super) fn nth(index: usize) -> Option<Device> {
    DEVICES.lock().get(index).copied()
}
