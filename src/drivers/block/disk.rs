//! What every disk offers to the block layer.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::request::{IoError, Request};
use crate::sync::{Rank, SpinMutex};

/// The properties of a disk. They never change.
#[derive(Clone, Debug)]
pub struct DiskInfo {
    /// Its name, as Linux would have it: `nvme0n1`.
    pub name: String,
    /// The model and the serial number.
    pub model: String,
    /// The size of a sector, in bytes: a power of two, from 512 to 4,096.
    pub sector_bytes: u32,
    /// The number of sectors.
    pub sectors: u64,
    /// The most bytes of a request: a multiple of the size of a page.
    pub request_bytes_max: u32,
    /// Whether it refuses writes.
    pub is_read_only: bool,
    /// Whether written data may be lost at a power cut until a flush has completed.
    pub has_write_cache: bool,
}

/// A request that a disk has begun, and which [`Disk::finish`] ends.
#[derive(Debug)]
#[must_use = "the disk keeps the memory of the request until it is finished"]
pub struct Begun {
    /// The queue of the disk.
    pub(super) queue: u16,
    /// The request's slot in the queue.
    pub(super) slot: u16,
}

#[cfg(test)]
impl Begun {
    /// Makes a request that a disk of a test has begun.
    pub(crate) fn for_test(queue: u16, slot: u16) -> Self {
        Self { queue, slot }
    }

    /// Returns the numbers of [`for_test`](Self::for_test).
    pub(crate) fn numbers(&self) -> (u16, u16) {
        (self.queue, self.slot)
    }
}

/// A disk.
pub trait Disk: Send + Sync {
    /// Returns its properties.
    fn info(&self) -> &DiskInfo;

    /// Begins a request. May wait until the disk's queue has room; not for interrupt handlers.
    ///
    /// # Errors
    /// [`IoError::Gone`], or [`IoError::Invalid`] if the request's memory can't be described.
    fn begin(&self, request: Request) -> Result<Begun, IoError>;

    /// Waits until a request has ended.
    ///
    /// # Errors
    /// The error of the request.
    fn finish(&self, begun: Begun) -> Result<(), IoError>;
}

/// Protects the list of disks, in the order in which they were found.
static DISKS: SpinMutex<Vec<Arc<dyn Disk>>> = SpinMutex::new(Rank::Drivers, Vec::new());

/// Adds a disk. Returns whether there is memory for it.
pub(super) fn add(disk: Arc<dyn Disk>) -> bool {
    let mut disks = DISKS.lock();
    let has_room = disks.try_reserve(1).is_ok();
    if has_room {
        disks.push(disk);
    }
    has_room
}

/// Returns the disk with this index in the list.
pub fn nth(index: usize) -> Option<Arc<dyn Disk>> {
    DISKS.lock().get(index).cloned()
}
