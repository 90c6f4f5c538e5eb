//! The addresses and names of mapped devices, readable without a lock for reports.
//!
//! A record and its name live for ever, and are reused for devices of the same name. So there are
//! at most as many records as devices were mapped at the same time, and a reader never sees a name
//! that is being written.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use spin::Once;
use x86_64::VirtAddr;

/// How many records are made at a time.
const CHUNK_RECORDS: usize = 32;

static FIRST: Chunk = Chunk::new();

#[derive(Debug)]
struct Chunk {
    records: [Record; CHUNK_RECORDS],
    next: Once<&'static Chunk>,
}

impl Chunk {
    const fn new() -> Self {
        Self { records: [const { Record::new() }; CHUNK_RECORDS], next: Once::new() }
    }
}

/// A device's name, and the range where it is mapped.
#[derive(Debug)]
pub(super) struct Record {
    name: Once<&'static str>,
    is_taken: AtomicBool,
    /// The address; 0 while nothing is mapped.
    start: AtomicU64,
    len_bytes: AtomicU64,
}

impl Record {
    const fn new() -> Self {
        Self {
            name: Once::new(),
            is_taken: AtomicBool::new(false),
            start: AtomicU64::new(0),
            len_bytes: AtomicU64::new(0),
        }
    }

    fn try_take(&self, name: &'static str) -> bool {
        if self.name.get().is_some_and(|known| *known != name)
            || self.is_taken.swap(true, Ordering::Acquire)
        {
            return false;
        }
        let is_taken = *self.name.call_once(|| name) == name;
        if !is_taken {
            // Another CPU has taken it in the meantime.
            self.release();
        }
        is_taken
    }

    /// Records that the device is mapped at the `len_bytes` bytes from `start` on.
    pub(super) fn set(&self, start: VirtAddr, len_bytes: u64) {
        self.len_bytes.store(len_bytes, Ordering::Relaxed);
        self.start.store(start.as_u64(), Ordering::Release);
    }

    /// Returns the mapping of the device, if it is mapped: the first page and the bytes.
    pub(super) fn mapped(&self) -> Option<(VirtAddr, u64)> {
        let start = self.start.load(Ordering::Acquire);
        let len_bytes = self.len_bytes.load(Ordering::Acquire);
        // If the start differs, the device was mapped elsewhere in the meantime.
        let is_same = start != 0 && self.start.load(Ordering::Relaxed) == start;
        is_same.then(|| (VirtAddr::new_truncate(start), len_bytes))
    }

    /// Releases the record. The device is no longer mapped.
    pub(super) fn release(&self) {
        self.start.store(0, Ordering::Relaxed);
        self.is_taken.store(false, Ordering::Release);
    }
}

fn records() -> impl Iterator<Item = &'static Record> {
    let chunks = core::iter::successors(Some(&FIRST), |chunk| chunk.next.get().copied());
    chunks.flat_map(|chunk| &chunk.records)
}

/// Takes a record for a device. Allocates if all records are in use. `None` if memory runs out.
pub(super) fn take(name: &'static str) -> Option<&'static Record> {
    loop {
        if let Some(record) = records().find(|record| record.try_take(name)) {
            return Some(record);
        }
        let mut chunk = Vec::new();
        chunk.try_reserve_exact(1).ok()?;
        chunk.push(Chunk::new());
        let chunk: &'static Chunk = &chunk.leak()[0];
        // If another CPU adds a chunk at the same time, both are kept.
        let mut last: &Chunk = &FIRST;
        loop {
            let next = *last.next.call_once(|| chunk);
            if core::ptr::eq(next, chunk) {
                break;
            }
            last = next;
        }
    }
}

/// Returns the name of the device that is mapped at `address`.
pub(in crate::mm) fn name_at(address: VirtAddr) -> Option<&'static str> {
    let is_at = |record: &&Record| {
        record.mapped().is_some_and(|(start, len_bytes)| {
            address >= start && address.as_u64() - start.as_u64() < len_bytes
        })
    };
    records().find(is_at).and_then(|record| record.name.get().copied())
}
