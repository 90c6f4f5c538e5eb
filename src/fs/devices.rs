//! Devices by their numbers.
//!
//! A device registers its number, its name in /dev, and a function that opens it. Device nodes of
//! all file systems are opened by this function.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::attributes::{DeviceNumber, FileKind, Mode};
use super::error::FsError;
use super::file::file_ops::FileOps;
use super::file::open_flags::OpenFlags;
use crate::sync::{Rank, SpinMutex};

/// Opens a device.
pub type OpenDevice = fn(DeviceNumber, OpenFlags) -> Result<Arc<dyn FileOps>, FsError>;

/// A node in /dev.
#[derive(Clone, Copy, Debug)]
pub struct DeviceNode {
    /// Its name.
    pub name: &'static str,
    /// Its permission bits.
    pub mode: Mode,
}

/// A device, or several with one major number.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    /// Character or block devices.
    pub kind: FileKind,
    /// The number of the first device.
    pub number: DeviceNumber,
    /// The number of devices, with consecutive minor numbers.
    pub minors: u32,
    /// The node of the first device in /dev, if it has one.
    pub node: Option<DeviceNode>,
    /// The function that opens them.
    pub open: OpenDevice,
}

impl Device {
    fn has(&self, kind: FileKind, number: DeviceNumber) -> bool {
        let minors = self.number.minor..self.number.minor.saturating_add(self.minors);
        self.kind == kind && self.number.major == number.major && minors.contains(&number.minor)
    }
}

/// Protects the list; held to add or to look up a device; not taken by interrupt handlers.
static DEVICES: SpinMutex<Vec<Device>> = SpinMutex::new(Rank::Files, Vec::new());

/// Adds `device`.
///
/// # Errors
/// [`FsError::Exists`] if the first number is in use; [`FsError::NoMemory`].
pub fn register(device: Device) -> Result<(), FsError> {
    let mut devices = DEVICES.lock();
    let is_taken = devices.iter().any(|other| other.has(device.kind, device.number));
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
/// [`FsError::NoDevice`] if there is no such device, and the errors of the device.
pub(super) fn open(
    kind: FileKind,
    number: DeviceNumber,
    flags: OpenFlags,
) -> Result<Arc<dyn FileOps>, FsError> {
    let devices = DEVICES.lock();
    let found = devices.iter().find(|device| device.has(kind, number));
    let open = found.ok_or(FsError::NoDevice)?.open;
    drop(devices);
    open(number, flags)
}

/// Returns the device at this index of the list.
pub fn nth(index: usize) -> Option<Device> {
    DEVICES.lock().get(index).copied()
}
