//! Pages that are stored in memory once more.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

use super::store::PageStore;
use super::{PAGE_BYTES, PageCache, Pages, ReportedFailures};
use crate::block::transfers::Transfers;
use crate::fs::error::FsError;
use crate::fs::io::{SliceSink, SliceSource};
use crate::mm::kernel::frames::{Purpose, SharedFrame, parts};
use crate::sync::{Rank, SpinMutex};

/// The size of the contents.
const PAGES: usize = 4;

/// The first byte of each page, whether writes fail and why, and what happens after the next one.
struct Medium {
    bytes: SpinMutex<[u8; PAGES]>,
    is_failing: AtomicBool,
    is_without_memory: AtomicBool,
    after_write: SpinMutex<Option<Box<dyn FnOnce() + Send>>>,
}

struct MemoryStore(Arc<Medium>);

impl PageStore for MemoryStore {
    fn size_bytes(&self) -> u64 {
        PAGES as u64 * PAGE_BYTES
    }

    fn sector_bytes(&self) -> u64 {
        512
    }

    fn read(&self, range: Range<u64>, pages: &[SharedFrame]) -> Result<(), FsError> {
        let first = (range.start / PAGE_BYTES) as usize;
        let in_pages = range.start % PAGE_BYTES..range.end - first as u64 * PAGE_BYTES;
        let bytes = *self.0.bytes.lock();
        for ((page, part), byte) in parts(pages, in_pages).zip(&bytes[first..]) {
            page.bytes(part.clone()).zero();
            if part.start == 0 {
                page.bytes(0..1).write(&[*byte]);
            }
        }
        Ok(())
    }

    fn reserve(&self, _range: Range<u64>) -> Result<(), FsError> {
        Ok(())
    }

    fn release(&self, _offset: u64) {}

    fn begin_write<'a>(
        &'a self,
        range: Range<u64>,
        pages: &[SharedFrame],
        _transfers: &mut Transfers<'a>,
    ) -> Result<(), FsError> {
        if self.0.is_failing.load(Ordering::Relaxed) {
            return Err(FsError::Io);
        }
        if self.0.is_without_memory.load(Ordering::Relaxed) {
            return Err(FsError::NoMemory);
        }
        let first = range.start / PAGE_BYTES;
        let in_pages = 0..range.end - first * PAGE_BYTES;
        let written: Vec<u8> = parts(pages, in_pages).map(|(page, _)| first_byte(page)).collect();
        self.0.bytes.lock()[first as usize..][..written.len()].copy_from_slice(&written);
        let after_write = self.0.after_write.lock().take();
        if let Some(after_write) = after_write {
            after_write();
        }
        Ok(())
    }

    fn note_dirty(&self) -> Result<(), FsError> {
        Ok(())
    }
}

fn first_byte(page: &SharedFrame) -> u8 {
    let mut byte = [0];
    page.bytes(0..1).read(&mut byte);
    byte[0]
}

/// Makes pages whose first bytes are 1, 2, 3 and 4, none of which is in memory.
fn stored() -> (PageCache, Arc<Medium>) {
    let medium = Arc::new(Medium {
        bytes: SpinMutex::new(Rank::Process, [1, 2, 3, 4]),
        is_failing: AtomicBool::new(false),
        is_without_memory: AtomicBool::new(false),
        after_write: SpinMutex::new(Rank::Process, None),
    });
    let store = Box::new(MemoryStore(medium.clone()));
    (PageCache::try_stored(store, Rank::DevicePages).expect("there is memory"), medium)
}

fn write(pages: &PageCache, index: u64, byte: u8) {
    let (written, result) = pages.write(index * PAGE_BYTES, 1, &mut SliceSource::new(&[byte]));
    assert_eq!((written, result), (1, Ok(())));
}

fn read(pages: &PageCache, index: u64) -> u8 {
    let mut byte = [0];
    let read = pages.read(index * PAGE_BYTES, 1, &mut SliceSink::new(&mut byte));
    assert_eq!(read, Ok(1));
    byte[0]
}

#[test_case]
fn each_open_file_reports_a_failed_write_once() {
    let (pages, medium) = stored();
    let [first, second] = [(); 2].map(|()| ReportedFailures::of(&pages));
    write(&pages, 1, 7);
    medium.is_failing.store(true, Ordering::Relaxed);
    assert_eq!(first.report(&pages, pages.write_back()), Err(FsError::Io));
    assert_eq!(first.report(&pages, pages.write_back()), Ok(()));
    assert_eq!(second.report(&pages, Ok(())), Err(FsError::Io));
    assert_eq!(second.report(&pages, Err(FsError::NoMemory)), Err(FsError::NoMemory));
    let third = ReportedFailures::of(&pages);
    assert_eq!(third.report(&pages, Ok(())), Ok(()));
    medium.is_failing.store(false, Ordering::Relaxed);
    write(&pages, 1, 8);
    assert_eq!(third.report(&pages, pages.write_back()), Ok(()));
    assert_eq!(*medium.bytes.lock(), [1, 8, 3, 4]);
}

#[test_case]
fn changes_that_memory_was_missing_for_are_written_later() {
    let (pages, medium) = stored();
    let file = ReportedFailures::of(&pages);
    write(&pages, 1, 7);
    write(&pages, 2, 8);
    medium.is_without_memory.store(true, Ordering::Relaxed);
    assert_eq!(file.report(&pages, pages.write_back()), Err(FsError::NoMemory));
    pages.reclaim(u64::MAX);
    assert_eq!((pages.failures(), pages.is_dirty(), pages.len()), (0, true, 2));
    medium.is_without_memory.store(false, Ordering::Relaxed);
    assert_eq!(file.report(&pages, pages.write_back()), Ok(()));
    assert_eq!((pages.is_dirty(), *medium.bytes.lock()), (false, [1, 7, 8, 4]));
}

#[test_case]
fn reclaim_removes_clean_pages_that_nothing_uses() {
    let (pages, medium) = stored();
    let bytes: Vec<u8> = (0..4).map(|index| read(&pages, index)).collect();
    assert_eq!((bytes, pages.len()), (Vec::from([1, 2, 3, 4]), 4));
    write(&pages, 1, 7);
    let used = pages.page(2).expect("an owner can be counted").expect("it is in memory");
    assert_eq!((pages.reclaim(1), pages.reclaim(u64::MAX), pages.reclaim(1)), (1, 1, 0));
    let kept = pages.page(2).expect("an owner can be counted");
    assert_eq!(kept.map(|page| page.start()), Some(used.start()));
    drop(used);
    assert_eq!(pages.reclaim(u64::MAX), 1);
    assert_eq!((pages.len(), read(&pages, 1)), (1, 7));
    assert_eq!(pages.write_back(), Ok(()));
    assert_eq!((pages.reclaim(u64::MAX), pages.len()), (1, 0));
    assert_eq!(*medium.bytes.lock(), [1, 7, 3, 4]);
}

#[test_case]
fn change_by_a_mapping_that_ends_during_the_write_is_written_later() {
    let (pages, medium) = stored();
    let pages = Arc::new(pages);
    pages.stored().expect("they have a store").add_writable_mapping();
    let mapped = pages.page_to_map(1).expect("there is memory");
    let of_mapping = pages.clone();
    *medium.after_write.lock() = Some(Box::new(move || {
        mapped.bytes(0..1).write(&[9]);
        drop(mapped);
        of_mapping.stored().expect("they have a store").remove_writable_mapping();
    }));
    assert_eq!(pages.write_back(), Ok(()));
    assert_eq!(medium.bytes.lock()[1], 2);
    assert!(pages.is_dirty());
    assert_eq!(pages.write_back(), Ok(()));
    assert_eq!((medium.bytes.lock()[1], pages.is_dirty()), (9, false));
}

#[test_case]
fn unused_page_stays_in_its_place_while_it_is_found_to_be_dirty() {
    let pages = Pages::new();
    let one = || SharedFrame::try_new_zeroed(Purpose::Files).expect("there is memory");
    for index in [0, 5, 1 << 20] {
        pages.add(index, one()).expect("there is memory");
    }
    let used = pages.get(5).expect("an owner can be counted");
    let asked = SpinMutex::new(Rank::DirtyPages, Vec::with_capacity(4));
    let removed = pages.remove_unused(u64::MAX, |index| {
        asked.lock().push(index);
        index == 0
    });
    assert_eq!((removed, pages.len()), (1, 2));
    // A page in use may be marked at any time, so nothing is asked about it.
    assert_eq!(*asked.lock(), [0, 1 << 20]);
    drop(used);
}

fn write_direct(pages: &PageCache, offset: u64, bytes: &[u8]) -> (usize, Result<(), FsError>) {
    let written = pages.write_direct(offset, bytes.len(), &mut SliceSource::new(bytes));
    written.expect("they have a store")
}

#[test_case]
fn direct_reads_and_writes_agree_with_the_pages() {
    let (pages, medium) = stored();
    assert_eq!(read(&pages, 1), 2);
    let mut page = [0; PAGE_BYTES as usize];
    page[0] = 9;
    assert_eq!(write_direct(&pages, PAGE_BYTES, &page), (page.len(), Ok(())));
    assert_eq!((read(&pages, 1), *medium.bytes.lock()), (9, [1, 9, 3, 4]));
    write(&pages, 2, 7);
    let mut all = Vec::from([0xFF; (PAGES + 1) * PAGE_BYTES as usize]);
    let done = pages.read_direct(0, &mut SliceSink::new(&mut all)).expect("they have a store");
    assert_eq!(done, Ok(PAGES * PAGE_BYTES as usize));
    let firsts: Vec<u8> = all.chunks(PAGE_BYTES as usize).map(|page| page[0]).collect();
    assert_eq!((firsts, *medium.bytes.lock()), (Vec::from([1, 9, 7, 4, 0xFF]), [1, 9, 7, 4]));
    let end = PAGES as u64 * PAGE_BYTES;
    assert_eq!(pages.read_direct(end, &mut SliceSink::new(&mut all)), Some(Ok(0)));
}

#[test_case]
fn direct_transfers_are_of_whole_sectors() {
    let (pages, medium) = stored();
    for (offset, len) in [(1, 512), (512, 511), (256, 256)] {
        let mut bytes = Vec::from([5; 512]);
        bytes.truncate(len);
        assert_eq!(write_direct(&pages, offset, &bytes), (0, Err(FsError::InvalidArgument)));
        let read = pages.read_direct(offset, &mut SliceSink::new(&mut bytes));
        assert_eq!(read, Some(Err(FsError::InvalidArgument)));
    }
    assert_eq!(*medium.bytes.lock(), [1, 2, 3, 4]);
    let mut one = [5; 512];
    let read = pages.read_direct(PAGE_BYTES + 512, &mut SliceSink::new(&mut one));
    assert_eq!((read, one), (Some(Ok(512)), [0; 512]));
    let nothing = pages.read_direct(0, &mut SliceSink::new(&mut []));
    assert_eq!((nothing, write_direct(&pages, 0, &[])), (Some(Ok(0)), (0, Ok(()))));
}

#[test_case]
fn change_during_a_direct_write_beside_its_bytes_stays() {
    let (pages, medium) = stored();
    let pages = Arc::new(pages);
    let beside = pages.clone();
    *medium.after_write.lock() = Some(Box::new(move || {
        let written = beside.write(PAGE_BYTES + 1000, 1, &mut SliceSource::new(&[8]));
        assert_eq!(written, (1, Ok(())));
    }));
    // In memory, so that the write in between doesn't read it.
    assert_eq!(read(&pages, 1), 2);
    assert_eq!(write_direct(&pages, PAGE_BYTES, &[9; 512]), (512, Ok(())));
    let mut bytes = [0; 1001];
    assert_eq!(pages.read(PAGE_BYTES, 1001, &mut SliceSink::new(&mut bytes)), Ok(1001));
    assert_eq!((bytes[0], bytes[511], bytes[512], bytes[1000]), (9, 9, 0, 8));
    assert!(pages.is_dirty());
}

#[test_case]
fn failed_direct_write_is_reported_and_leaves_the_pages() {
    let (pages, medium) = stored();
    assert_eq!(read(&pages, 1), 2);
    medium.is_failing.store(true, Ordering::Relaxed);
    assert_eq!(write_direct(&pages, PAGE_BYTES, &[9; 512]), (0, Err(FsError::Io)));
    assert_eq!((read(&pages, 1), pages.is_dirty()), (2, false));
}
