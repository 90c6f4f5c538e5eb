//! Block devices as files in /dev.
//!
//! Reads and writes use the pages of the device in memory, unless the file is open with O_DIRECT: then
//! they go to the disk at once.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::attributes::{DeviceNumber, FileKind, Mode};
use super::device_cache::{self, DeviceCache};
use super::devices::{self, Device, DeviceNode};
use super::error::FsError;
use super::file::file_ops::FileOps;
use super::file::open_flags::OpenFlags;
use super::io::{Sink, Source, done_or};
use super::page_cache::ReportedFailures;
use crate::block::BlockDevices;
use crate::block::device::BlockDevice;
use crate::block::devices::{self as block_devices, MAJOR};
use crate::drivers::block::request::IoError;

/// An open block device.
pub struct BlockFile {
    cache: Arc<DeviceCache>,
    /// The failed writes that have been reported.
    failures: ReportedFailures,
}

impl From<IoError> for FsError {
    fn from(error: IoError) -> Self {
        match error {
            IoError::Failed => Self::Io,
            IoError::Gone => Self::WrongDevice,
            IoError::ReadOnly => Self::NotPermitted,
            IoError::Invalid => Self::InvalidArgument,
            IoError::NoMemory => Self::NoMemory,
        }
    }
}

/// Returns the number of a block device.
pub(super) fn number_of(device: &BlockDevice) -> DeviceNumber {
    DeviceNumber { major: MAJOR, minor: device.minor() }
}

/// Registers all block devices.
///
/// # Errors
/// [`FsError::NoMemory`].
pub(super) fn start(_devices: BlockDevices) -> Result<(), FsError> {
    for device in block_devices::all() {
        let name: Box<str> = device.name().into();
        devices::register(Device {
            kind: FileKind::BlockDevice,
            number: number_of(&device),
            minors: 1,
            node: Some(DeviceNode { name: Box::leak(name), mode: Mode::from_bits_truncate(0o660) }),
            open,
        })?;
    }
    Ok(())
}

fn open(number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn FileOps>, FsError> {
    let cache = device_cache::of_device(number.minor)?;
    if flags.can_write() && cache.device().disk().is_read_only {
        return Err(FsError::PermissionDenied);
    }
    let failures = ReportedFailures::of(cache.pages());
    Ok(Arc::try_new(BlockFile { cache, failures })?)
}

impl BlockFile {
    /// Returns the device.
    pub fn device(&self) -> &BlockDevice {
        self.cache.device()
    }

    /// Writes the changed pages to the disk, before it is accessed without them. May wait.
    fn write_pages(&self) -> Result<(), FsError> {
        if self.cache.pages().is_dirty() { self.cache.sync_pages() } else { Ok(()) }
    }

    /// Writes all changes to the medium, and removes the pages from memory that nothing uses:
    /// BLKFLSBUF. May wait.
    ///
    /// # Errors
    /// The error of the device.
    pub fn forget_pages(&self) -> Result<(), FsError> {
        self.sync()?;
        self.cache.pages().reclaim(u64::MAX);
        Ok(())
    }
}

impl FileOps for BlockFile {
    fn read(&self, flags: OpenFlags, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        if flags.contains(OpenFlags::DIRECT) {
            self.write_pages()?;
            return self.cache.pages().read_direct(offset, to).expect("a device is a store");
        }
        let left = self.device().len_bytes().saturating_sub(offset);
        let len = (to.room() as u64).min(left) as usize;
        self.cache.pages().read(offset, len, to)
    }

    fn write(
        &self,
        flags: OpenFlags,
        offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        let len_bytes = self.device().len_bytes();
        if from.left() > 0 && offset >= len_bytes {
            return Err(FsError::NoSpace);
        }
        let len = (from.left() as u64).min(len_bytes - offset) as usize;
        let pages = self.cache.pages();
        let (written, result) = if flags.contains(OpenFlags::DIRECT) {
            self.write_pages()?;
            pages.write_direct(offset, len, from).expect("a device is a store")
        } else {
            pages.write(offset, len, from)
        };
        if flags.intersects(OpenFlags::SYNC) && written > 0 {
            self.sync()?;
        }
        result.map_or_else(|error| done_or(written, error), |()| Ok(written))
    }

    fn has_position(&self) -> bool {
        true
    }

    fn end(&self) -> Result<u64, FsError> {
        Ok(self.device().len_bytes())
    }

    fn sync(&self) -> Result<(), FsError> {
        self.failures.report(self.cache.pages(), self.cache.sync())
    }
}
