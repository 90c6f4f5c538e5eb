//! Transfers of a disk in memory that fails on request.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::device::{BlockDevice, Direction};
use super::transfers::Transfers;
use crate::drivers::block::disk::{Begun, Disk, DiskInfo, NotBegun};
use crate::drivers::block::request::{IoError, Operation, Request};
use crate::drivers::block::trace::Trace;
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::sync::{Rank, SpinMutex};

/// A disk that keeps its requests and gives each byte of a sector the sector's number.
struct MemoryDisk {
    info: DiskInfo,
    requests: SpinMutex<Vec<(Operation, u64, u64)>>,
    /// The sector that can't be transferred.
    bad: Option<u64>,
    /// The most requests that it has at once, and how many it has.
    room: usize,
    begun: AtomicUsize,
    trace: Trace,
}

impl MemoryDisk {
    fn new(bad: Option<u64>) -> Arc<Self> {
        let info = DiskInfo {
            name: "nvme9n1".into(),
            model: "memory".into(),
            sector_bytes: 512,
            sectors: 1000,
            request_bytes_max: 8192,
            is_read_only: false,
            has_write_cache: true,
            has_partitions: true,
        };
        Self::with_room(info, bad, usize::MAX)
    }

    fn with_room(info: DiskInfo, bad: Option<u64>, room: usize) -> Arc<Self> {
        let requests = SpinMutex::new(Rank::Process, Vec::new());
        let trace = Trace::try_new().expect("there is memory");
        Arc::new(Self { info, requests, bad, room, begun: AtomicUsize::new(0), trace })
    }
}

impl Disk for MemoryDisk {
    fn info(&self) -> &DiskInfo {
        &self.info
    }

    fn trace(&self) -> &Trace {
        &self.trace
    }

    fn begin(&self, request: Request) -> Result<Begun, IoError> {
        let before = self.begun.fetch_add(1, Ordering::Relaxed);
        assert!(before < self.room, "nothing ends while its only user waits for room");
        let sectors = request.len_bytes() / 512;
        let count = request.segments.len();
        assert!(count <= self.info.request_bytes_max as usize / 4096);
        let mut sector = request.sector;
        for (index, segment) in request.segments.iter().enumerate() {
            assert!(index == 0 || segment.range.start == 0);
            assert!(index + 1 == count || segment.range.end == 4096);
            for at in segment.range.clone().step_by(512) {
                segment.frame.bytes(at..at + 512).write(&[sector as u8; 512]);
                sector += 1;
            }
        }
        self.requests.lock().push((request.operation, request.sector, sectors));
        Ok(Begun::for_test(request.sector as u16, sectors as u16))
    }

    fn try_begin(&self, request: Request) -> Result<Begun, NotBegun> {
        match self.begun.load(Ordering::Relaxed) < self.room {
            true => self.begin(request).map_err(NotBegun::Failed),
            false => Err(NotBegun::Full(request)),
        }
    }

    fn finish(&self, begun: Begun) -> Result<(), IoError> {
        self.begun.fetch_sub(1, Ordering::Relaxed);
        let (first, count) = begun.numbers();
        let is_bad =
            self.bad.is_some_and(|bad| (first..first + count).map(u64::from).any(|it| it == bad));
        if is_bad { Err(IoError::Failed) } else { Ok(()) }
    }
}

fn frames(count: usize) -> Vec<SharedFrame> {
    let one = || SharedFrame::try_new_zeroed(Purpose::Files).expect("there is memory");
    (0..count).map(|_| one()).collect()
}

#[test_case]
fn transfer_is_cut_into_requests_that_the_disk_can_take() {
    let disk = MemoryDisk::new(None);
    let device = BlockDevice::of_disk(disk.clone(), 0);
    let frames = frames(5);
    let range = 10 * 512..(10 + 33) * 512;
    device.transfer(Direction::Read, range, &frames).expect("it is within the disk");
    let requests = disk.requests.lock().clone();
    let read = |sector, count| (Operation::Read, sector, count);
    assert_eq!(requests, [read(10, 16), read(26, 16), read(42, 1)]);
    let mut bytes = [0; 512];
    frames[4].bytes(0..512).read(&mut bytes);
    assert_eq!(bytes, [42; 512]);
    frames[1].bytes(512..1024).read(&mut bytes);
    assert_eq!(bytes, [19; 512]);
}

#[test_case]
fn transfer_begins_within_a_frame() {
    let disk = MemoryDisk::new(None);
    let device = BlockDevice::of_disk(disk.clone(), 0);
    let frames = frames(4);
    device.transfer_at(Direction::Read, 10 * 512..30 * 512, &frames, 5 * 512).expect("it can");
    // A request has at most two frames, and the next one begins at the start of a frame.
    let requests = disk.requests.lock().clone();
    assert_eq!(requests, [(Operation::Read, 10, 11), (Operation::Read, 21, 9)]);
    let byte_of = |frame: usize, sector: usize| {
        let mut byte = [0xFF];
        frames[frame].bytes(sector * 512..sector * 512 + 1).read(&mut byte);
        byte[0]
    };
    assert_eq!([byte_of(0, 4), byte_of(0, 5), byte_of(0, 7)], [0, 10, 12]);
    assert_eq!([byte_of(1, 0), byte_of(1, 7), byte_of(2, 0)], [13, 20, 21]);
    assert_eq!([byte_of(3, 0), byte_of(3, 1)], [29, 0]);
    for offset_bytes in [1, 4, 511, 4096] {
        let result = device.transfer_at(Direction::Read, 0..512, &frames, offset_bytes);
        assert_eq!(result, Err(IoError::Invalid));
    }
}

#[test_case]
fn ranges_that_are_no_sectors_of_the_device_are_refused() {
    let device = BlockDevice::of_disk(MemoryDisk::new(None), 0);
    let frames = frames(1);
    for range in [1..513, 0..100, 512..1_000_000, 999 * 512..1001 * 512] {
        let result = device.transfer(Direction::Write, range, &frames);
        assert_eq!(result, Err(IoError::Invalid));
    }
    assert_eq!(device.transfer(Direction::Write, 512..512, &[]), Ok(()));
}

#[test_case]
fn error_of_any_request_is_returned() {
    for bad in [10, 30, 42] {
        let device = BlockDevice::of_disk(MemoryDisk::new(Some(bad)), 0);
        let frames = frames(5);
        let range = 10 * 512..(10 + 33) * 512;
        assert_eq!(device.transfer(Direction::Write, range, &frames), Err(IoError::Failed));
    }
}

#[test_case]
fn transfer_finishes_its_requests_while_the_queue_has_no_room() {
    for room in 1..4 {
        for bad in [None, Some(20)] {
            let info = MemoryDisk::new(None).info.clone();
            let disk = MemoryDisk::with_room(info, bad, room);
            let device = BlockDevice::of_disk(disk.clone(), 0);
            let frames = frames(12);
            let result = device.transfer(Direction::Read, 0..12 * 4096, &frames);
            assert_eq!(result.is_err(), bad.is_some());
            assert_eq!(disk.begun.load(Ordering::Relaxed), 0);
            assert!(bad.is_some() || disk.requests.lock().len() == 6);
        }
    }
}

#[test_case]
fn several_transfers_are_in_flight_at_once_and_each_error_is_returned_once() {
    for bad in [None, Some(50)] {
        let disk = MemoryDisk::new(bad);
        let device = BlockDevice::of_disk(disk.clone(), 0);
        let frames = frames(1);
        let mut transfers = Transfers::new();
        for first in [0_u64, 50, 100] {
            let bytes = first * 512..(first + 8) * 512;
            let begun = device.begin_transfer(Direction::Read, bytes, &frames, 0, &mut transfers);
            assert_eq!(begun, Ok(()));
        }
        assert_eq!(disk.begun.load(Ordering::Relaxed), 3);
        assert_eq!(transfers.finish().is_err(), bad.is_some());
        assert_eq!((transfers.finish(), disk.begun.load(Ordering::Relaxed)), (Ok(()), 0));
        let beyond = device.begin_transfer(
            Direction::Read,
            999 * 512..1001 * 512,
            &frames,
            0,
            &mut transfers,
        );
        assert_eq!(beyond, Err(IoError::Invalid));
    }
}

#[test_case]
fn dropped_transfers_are_finished() {
    let disk = MemoryDisk::new(None);
    let device = BlockDevice::of_disk(disk.clone(), 0);
    let mut transfers = Transfers::new();
    let begun = device.begin_transfer(Direction::Write, 0..4096, &frames(1), 0, &mut transfers);
    assert_eq!((begun, disk.begun.load(Ordering::Relaxed)), (Ok(()), 1));
    drop(transfers);
    assert_eq!(disk.begun.load(Ordering::Relaxed), 0);
}
