//! The pages of block devices in memory.
//!
//! Programs that read a device, and the file system on it, which reads its structures, use the same
//! pages. The contents of files are not here: a file's own pages are transferred directly between the
//! disk and memory. So a page of a device may hold sectors that a file knows better, and only the
//! sectors that were changed here are written.
//!
//! Each device has a thread that writes changes back, so that a slow or broken disk delays no other
//! one.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

use super::error::FsError;
use super::page_cache::dirty;
use super::page_cache::store::PageStore;
use super::page_cache::{PAGE_BYTES, PageCache};
use super::super_block::SuperBlock;
use crate::arch::time::clock;
use crate::block::device::{BlockDevice, Direction};
use crate::block::devices;
use crate::block::transfers::Transfers;
use crate::mm::kernel::frames::SharedFrame;
use crate::sync::{Rank, SpinMutex, WaitQueue};
use crate::task;

/// The time for which changes stay in memory, unless there are too many. Linux's default
/// (vm.dirty_writeback_centisecs) is 5 s.
const WRITE_BACK_NS: u64 = 5_000_000_000;

/// Whether a device has changes, for the thread that writes them back.
struct Work {
    is_due: AtomicBool,
    changed: WaitQueue,
}

/// The device as a place where pages are stored.
struct DeviceStore {
    device: Arc<BlockDevice>,
    work: Arc<Work>,
}

impl PageStore for DeviceStore {
    fn size_bytes(&self) -> u64 {
        self.device.len_bytes()
    }

    fn sector_bytes(&self) -> u64 {
        self.device.sector_bytes()
    }

    fn read(&self, range: Range<u64>, pages: &[SharedFrame]) -> Result<(), FsError> {
        let on_device = range.start..range.end.min(self.device.len_bytes());
        let start = range.start % PAGE_BYTES;
        Ok(self.device.transfer_at(Direction::Read, on_device, pages, start)?)
    }

    fn reserve(&self, range: Range<u64>) -> Result<(), FsError> {
        if range.end <= self.size_bytes() { Ok(()) } else { Err(FsError::NoSpace) }
    }

    fn release(&self, _offset: u64) {}

    fn begin_write<'a>(
        &'a self,
        range: Range<u64>,
        pages: &[SharedFrame],
        transfers: &mut Transfers<'a>,
    ) -> Result<(), FsError> {
        let sector_bytes = self.device.sector_bytes();
        let start = range.start - range.start % sector_bytes;
        let end = range.end.next_multiple_of(sector_bytes).min(self.device.len_bytes());
        if start >= end {
            return Ok(());
        }
        let (to, offset) = (start..end, start % PAGE_BYTES);
        Ok(self.device.begin_transfer(Direction::Write, to, pages, offset, transfers)?)
    }

    fn note_dirty(&self) -> Result<(), FsError> {
        self.work.note();
        Ok(())
    }

    fn is_by_sector(&self) -> bool {
        true
    }
}

impl Work {
    fn note(&self) {
        if !self.is_due.swap(true, Ordering::AcqRel) || dirty::are_too_many() {
            self.changed.wake_all();
        }
    }
}

/// The pages of a block device in memory.
pub struct DeviceCache {
    device: Arc<BlockDevice>,
    pages: PageCache,
    work: Arc<Work>,
    /// Protects the file system that is mounted from the device, which has changes of its own; held to
    /// copy or to replace it; not taken by interrupt handlers.
    mounted: SpinMutex<Option<Weak<SuperBlock>>>,
}

/// Protects the list of caches; held to find or to add one; not taken by interrupt handlers.
static CACHES: SpinMutex<Vec<Arc<DeviceCache>>> = SpinMutex::new(Rank::Files, Vec::new());

/// Returns the cache of the device with this minor number; makes it, and starts its thread, when it is
/// used first. May wait.
///
/// # Errors
/// [`FsError::NoDevice`] if there is no such device; [`FsError::NoMemory`].
pub fn of_device(minor: u32) -> Result<Arc<DeviceCache>, FsError> {
    let find = |caches: &Vec<Arc<DeviceCache>>| {
        caches.iter().find(|cache| cache.device.minor() == minor).cloned()
    };
    if let Some(found) = find(&CACHES.lock()) {
        return Ok(found);
    }
    let device = devices::get(minor).ok_or(FsError::NoDevice)?;
    let new = DeviceCache::try_new(device)?;
    {
        let mut caches = CACHES.lock();
        if let Some(found) = find(&caches) {
            return Ok(found);
        }
        caches.try_reserve(1)?;
        caches.push(new.clone());
    }
    let cache = new.clone();
    if let Err(error) = task::spawn("write-back", move || cache.write_back_for_ever()) {
        log::error!("{}: changes are only written by sync: {error}", new.device.name());
    }
    Ok(new)
}

/// Returns all caches, in the order in which the devices were used first.
pub fn all() -> Vec<Arc<DeviceCache>> {
    CACHES.lock().clone()
}

/// Writes all changes of all devices to their media, and marks their file systems as closed, before the
/// machine is switched off. May wait.
pub fn close_all() {
    for cache in all() {
        let closed = match cache.mounted() {
            Some(super_block) => super_block.close(),
            None => cache.sync_pages(),
        };
        if let Err(error) = closed {
            log::error!("{}: changes can't be written: {error}", cache.device.name());
        }
    }
}

/// Writes all changes of all devices to their media. May wait.
///
/// # Errors
/// The first error of a device; the others are written all the same.
pub fn sync_all() -> Result<(), FsError> {
    let mut result = Ok(());
    for cache in all() {
        result = result.and(cache.sync());
    }
    result
}

/// Removes up to `most` pages of files and devices that can be read again, and that nothing uses, from
/// memory. Returns their number.
pub fn reclaim(most: u64) -> u64 {
    let mut freed = 0;
    for cache in all() {
        if let Some(super_block) = cache.mounted() {
            freed += super_block.reclaim(most - freed);
        }
        freed += cache.pages.reclaim(most - freed);
        if freed >= most {
            break;
        }
    }
    freed
}

impl DeviceCache {
    fn try_new(device: Arc<BlockDevice>) -> Result<Arc<Self>, FsError> {
        let work = Work { is_due: AtomicBool::new(false), changed: WaitQueue::new() };
        let work = Arc::try_new(work)?;
        let store = DeviceStore { device: device.clone(), work: work.clone() };
        let pages = PageCache::try_stored(Box::try_new(store)?, Rank::DevicePages)?;
        let mounted = SpinMutex::new(Rank::Files, None);
        Ok(Arc::try_new(Self { device, pages, work, mounted })?)
    }

    /// Returns the device.
    pub fn device(&self) -> &Arc<BlockDevice> {
        &self.device
    }

    /// Returns its pages.
    pub(super) fn pages(&self) -> &PageCache {
        &self.pages
    }

    /// Returns the number of failed writes of its pages.
    pub fn failures(&self) -> u32 {
        self.pages.failures()
    }

    /// Returns the number of pages in memory: those of the device, and those of the files on it.
    pub fn page_counts(&self) -> (u64, u64) {
        (self.pages.len(), self.mounted().map_or(0, |super_block| super_block.page_count()))
    }

    /// Returns the file system that is mounted from the device.
    pub fn mounted(&self) -> Option<Arc<SuperBlock>> {
        self.mounted.lock().as_ref().and_then(Weak::upgrade)
    }

    /// Makes `super_block` the file system that is mounted from the device, and written back with it.
    ///
    /// # Errors
    /// [`FsError::Busy`] if there is another one.
    pub(super) fn set_mounted(&self, super_block: &Arc<SuperBlock>) -> Result<(), FsError> {
        let mut place = self.mounted.lock();
        if place.as_ref().is_some_and(|other| other.strong_count() > 0) {
            return Err(FsError::Busy);
        }
        // The last one has ended, so this drops no value.
        *place = Some(Arc::downgrade(super_block));
        Ok(())
    }

    /// Removes the file system that is mounted from the device, because its last mount has ended.
    pub(super) fn remove_mounted(&self) {
        let mounted = self.mounted.lock().take();
        drop(mounted);
    }

    /// Makes sure that changes are written back soon.
    pub(super) fn note_change(&self) {
        self.work.note();
    }

    /// Writes all changes to the disk. May wait.
    ///
    /// # Errors
    /// The first error of the device; the others are written all the same.
    pub(super) fn write_back(&self) -> Result<(), FsError> {
        match self.mounted() {
            Some(super_block) => super_block.sync(),
            None => self.pages.write_back(),
        }
    }

    /// Writes the changed pages of the device to the medium, without the changes that the file system
    /// on it still has. May wait.
    ///
    /// # Errors
    /// The first error of the device.
    pub(super) fn sync_pages(&self) -> Result<(), FsError> {
        let flush = || Ok(self.device.flush()?);
        self.pages.write_back_in_stages(flush).and(flush())
    }

    /// Writes all changes to the medium. May wait.
    ///
    /// # Errors
    /// The first error of the device.
    pub(super) fn sync(&self) -> Result<(), FsError> {
        match self.mounted() {
            Some(super_block) => super_block.sync(),
            None => self.sync_pages(),
        }
    }

    /// The body of the thread that writes changes back.
    fn write_back_for_ever(&self) {
        let work = &self.work;
        loop {
            work.changed.wait_until(|| work.is_due.load(Ordering::Acquire));
            let end_ns = clock::now_ns() + WRITE_BACK_NS;
            // The result tells whether the time has passed, which doesn't matter.
            let _ = work.changed.wait_until_deadline(end_ns, dirty::are_too_many);
            work.is_due.store(false, Ordering::Release);
            if let Err(error) = self.write_back() {
                log::error!("{}: changes can't be written: {error}", self.device.name());
                if error == FsError::NoMemory {
                    // They are still there.
                    work.is_due.store(true, Ordering::Release);
                }
            }
        }
    }
}
