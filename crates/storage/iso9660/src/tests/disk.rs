//! A disk in memory, which counts the accesses.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::vec::Vec;

use volume::{Medium, MediumError, Stage};

use crate::Iso9660;

/// A disk in memory.
pub(super) struct Disk {
    pub(super) bytes: Vec<u8>,
    /// The number of reads.
    pub(super) reads: AtomicU64,
    /// The number of reads after which all fail.
    pub(super) reads_max: u64,
    /// The bytes that were read, if they are recorded.
    recorded: Option<Mutex<BTreeSet<usize>>>,
}

impl Disk {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, reads: AtomicU64::new(0), reads_max: u64::MAX, recorded: None }
    }

    pub(super) fn open(&self) -> Iso9660<&Self> {
        Iso9660::open(self).expect("the image is right")
    }

    /// Returns the places of the bytes that `run` reads.
    pub(super) fn recorded(&mut self, run: impl FnOnce(&Self)) -> Vec<usize> {
        self.recorded = Some(Mutex::default());
        run(self);
        let places = self.recorded.take().expect("it was set").into_inner();
        places.expect("no test has failed").into_iter().collect()
    }

    /// Returns the only place of `bytes` in `range`.
    pub(super) fn find(&self, bytes: &[u8], range: Range<usize>) -> usize {
        let mut found = self.bytes[range.clone()].windows(bytes.len()).enumerate();
        let mut places = found.by_ref().filter(|(_, window)| *window == bytes);
        let (first, _) = places.next().expect("the image contains these bytes");
        assert!(places.next().is_none(), "the image contains the bytes {bytes:?} twice");
        range.start + first
    }

    /// Writes bytes.
    pub(super) fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Returns the number at `at`.
    pub(super) fn u32_at(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().expect("these are 4 bytes"))
    }
}

impl Medium for &Disk {
    fn len_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read(&self, at: u64, to: &mut [u8]) -> Result<(), MediumError> {
        if self.reads.fetch_add(1, Ordering::Relaxed) >= self.reads_max {
            return Err(MediumError::Failed);
        }
        let range = at as usize..at as usize + to.len();
        to.copy_from_slice(self.bytes.get(range.clone()).expect("the read is within the disk"));
        if let Some(recorded) = &self.recorded {
            recorded.lock().expect("no test has failed").extend(range);
        }
        Ok(())
    }

    fn write(&self, _stage: Stage, _at: u64, _from: &[u8]) -> Result<(), MediumError> {
        panic!("writes to the disk");
    }

    fn flush(&self) -> Result<(), MediumError> {
        panic!("flushes the disk");
    }

    fn discard(&self, _range: Range<u64>) {
        panic!("discards bytes of the disk");
    }
}
