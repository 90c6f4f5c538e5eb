//! What every disk offers to the block layer.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::request::{IoError, Operation, Request};
use super::trace::Trace;
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
    /// Whether partitions are looked for.
    pub has_partitions: bool,
}

impl DiskInfo {
    /// Checks that the disk can execute a request: that it is one of whole sectors within the disk
    /// and not too long, or a flush. Returns the number of its sectors.
    pub(crate) fn check(&self, request: &Request) -> Result<u32, IoError> {
        match request.operation {
            Operation::Flush => return Ok(0),
            Operation::Write { .. } if self.is_read_only => return Err(IoError::ReadOnly),
            Operation::Read | Operation::Write { .. } => {}
        }
        let (len_bytes, sector_bytes) = (request.len_bytes(), u64::from(self.sector_bytes));
        let count = len_bytes / sector_bytes;
        let end = request.sector.checked_add(count).filter(|end| *end <= self.sectors);
        let is_valid = end.is_some()
            && len_bytes.is_multiple_of(sector_bytes)
            && (1..=u64::from(self.request_bytes_max)).contains(&len_bytes);
        if is_valid { Ok(count as u32) } else { Err(IoError::Invalid) }
    }
}

/// A request that a disk has begun, and which [`Disk::finish`] ends.
#[derive(Debug)]
#[must_use = "the disk keeps the memory of the request until it is finished"]
pub struct Begun {
    /// The queue of the disk.
    pub(super) queue: u16,
    /// The request's slot in the queue.
    pub(super) slot: u16,
    /// When it began, by the kernel's clock, in nanoseconds.
    pub(super) begun_ns: u64,
    /// The number of requests that the disk had then, with this one.
    pub(super) depth: u32,
}

impl Begun {
    /// Makes a request that a disk of a test has begun.
    #[cfg(test)]
    pub(crate) fn for_test(queue: u16, slot: u16) -> Self {
        Self { queue, slot, begun_ns: 0, depth: 0 }
    }

    /// Returns the numbers of the queue and of the slot. No other request of the disk has both, until
    /// this one is finished.
    pub(crate) fn numbers(&self) -> (u16, u16) {
        (self.queue, self.slot)
    }
}

/// Why [`Disk::try_begin`] hasn't begun a request.
#[derive(Debug)]
pub enum NotBegun {
    /// The disk's queue has no room for this request now.
    Full(Request),
    /// It can't be begun.
    Failed(IoError),
}

/// A disk.
pub trait Disk: Send + Sync {
    /// Returns its properties.
    fn info(&self) -> &DiskInfo;

    /// Returns the trace of its requests.
    fn trace(&self) -> &Trace;

    /// Begins a request. Waits until the disk's queue has room, so the caller has no requests that it
    /// has to finish first. Not for interrupt handlers.
    ///
    /// # Errors
    /// [`IoError::Gone`], or [`IoError::Invalid`] if the request's memory can't be described.
    fn begin(&self, request: Request) -> Result<Begun, IoError>;

    /// As [`begin`](Self::begin), but only if the disk's queue has room.
    ///
    /// # Errors
    /// [`NotBegun::Full`], and the errors of [`begin`](Self::begin).
    fn try_begin(&self, request: Request) -> Result<Begun, NotBegun>;

    /// Waits until a request has ended.
    ///
    /// # Errors
    /// The error of the request.
    fn finish(&self, begun: Begun) -> Result<(), IoError>;
}

/// Protects the list of disks, in the order in which they were found.
static DISKS: SpinMutex<Vec<Arc<dyn Disk>>> = SpinMutex::new(Rank::Drivers, Vec::new());

/// Adds a disk. Returns whether there is memory for it.
pub(super) fn add(disk: impl Disk + 'static) -> bool {
    let Ok(disk) = Arc::try_new(disk) else {
        return false;
    };
    let mut disks = DISKS.lock();
    let has_room = disks.try_reserve(1).is_ok();
    if has_room {
        disks.push(disk);
    }
    has_room
}

/// Returns the name of the next disk with this prefix, as on Linux: `vda` to `vdz`, then `vdaa`.
pub(super) fn next_name(prefix: &str) -> String {
    lettered(prefix, count_named(prefix))
}

/// Returns the name of the next disk with this prefix, as on Linux: `sr0`, then `sr1`.
pub(super) fn next_numbered_name(prefix: &str) -> String {
    format!("{prefix}{}", count_named(prefix))
}

fn count_named(prefix: &str) -> usize {
    DISKS.lock().iter().filter(|disk| disk.info().name.starts_with(prefix)).count()
}

fn lettered(prefix: &str, index: usize) -> String {
    let mut letters = Vec::new();
    let mut left = index + 1;
    while left > 0 {
        letters.push(char::from(b'a' + ((left - 1) % 26) as u8));
        left = (left - 1) / 26;
    }
    prefix.chars().chain(letters.into_iter().rev()).collect()
}

/// Returns the disk with this index in the list.
pub fn nth(index: usize) -> Option<Arc<dyn Disk>> {
    DISKS.lock().get(index).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn names_continue_with_two_letters() {
        let names = [0, 1, 25, 26, 27, 701, 702].map(|index| lettered("vd", index));
        assert_eq!(names, ["vda", "vdb", "vdz", "vdaa", "vdab", "vdzz", "vdaaa"]);
    }
}
