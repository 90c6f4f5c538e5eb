//! A disk in memory, which checks that no file gets a block that is cached as a structure.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::vec::Vec;

use volume::{Medium, MediumError, Stage};

/// The unit in which it is noted what is cached.
const UNIT_BYTES: u64 = 1024;

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// The units that were written as structures, and not discarded since.
    cached: HashSet<u64>,
    /// The number of transfers.
    transfers: u64,
    /// The most transfers that may be.
    limit: Option<u64>,
    /// The transfers after which all fail.
    fails_after: Option<u64>,
    /// The places of all bytes that were read, if they are recorded.
    read: Option<BTreeSet<usize>>,
}

/// A disk, which several owners share.
#[derive(Clone, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { bytes, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|error| error.into_inner())
    }

    /// Returns a copy of the bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// Lets the test fail at the transfer after so many.
    pub(super) fn limit_transfers(&self, limit: u64) {
        let mut state = self.state();
        state.transfers = 0;
        state.limit = Some(limit);
    }

    pub(super) fn transfers(&self) -> u64 {
        self.state().transfers
    }

    /// Lets all transfers after so many fail.
    pub(super) fn fail_after(&self, transfers: Option<u64>) {
        let mut state = self.state();
        state.transfers = 0;
        state.fails_after = transfers;
    }

    fn transfer(&self, at: u64, len: usize) -> Result<MutexGuard<'_, State>, MediumError> {
        let mut state = self.state();
        state.transfers += 1;
        let is_endless = state.limit.is_some_and(|limit| state.transfers > limit);
        assert!(!is_endless, "more transfers than any operation needs");
        let is_within =
            at.checked_add(len as u64).is_some_and(|end| end <= state.bytes.len() as u64);
        assert!(is_within, "a transfer of {len} bytes at {at}, behind the end of the disk");
        if state.fails_after.is_some_and(|limit| state.transfers > limit) {
            return Err(MediumError::Failed);
        }
        Ok(state)
    }

    /// Writes bytes of a file, as the kernel does it past the volume.
    pub(super) fn write_data(&self, at: u64, from: &[u8]) {
        let mut state = self.state();
        for unit in units(at..at + from.len() as u64) {
            assert!(
                !state.cached.contains(&unit),
                "a file has the structure at {}",
                unit * UNIT_BYTES
            );
        }
        state.bytes[at as usize..][..from.len()].copy_from_slice(from);
    }

    /// Begins to record what is read.
    pub(super) fn record(&self) {
        self.state().read = Some(BTreeSet::new());
    }

    /// Returns the places of all bytes that were read since then.
    pub(super) fn recorded(&self) -> Vec<usize> {
        self.state().read.take().unwrap_or_default().into_iter().collect()
    }

    /// Exchanges bytes on the disk for those in `bytes`, as no volume does it.
    pub(super) fn exchange(&self, at: usize, bytes: &mut [u8]) {
        self.state().bytes[at..at + bytes.len()].swap_with_slice(bytes);
    }

    /// Reads bytes of a file.
    pub(super) fn read_data(&self, at: u64, to: &mut [u8]) {
        to.copy_from_slice(&self.state().bytes[at as usize..][..to.len()]);
    }
}

fn units(range: Range<u64>) -> Range<u64> {
    range.start / UNIT_BYTES..range.end.div_ceil(UNIT_BYTES)
}

impl Medium for Disk {
    fn len_bytes(&self) -> u64 {
        self.state().bytes.len() as u64
    }

    fn read(&self, at: u64, to: &mut [u8]) -> Result<(), MediumError> {
        let mut state = self.transfer(at, to.len())?;
        if let Some(read) = &mut state.read {
            read.extend(at as usize..at as usize + to.len());
        }
        to.copy_from_slice(&state.bytes[at as usize..][..to.len()]);
        Ok(())
    }

    fn write(&self, _stage: Stage, at: u64, from: &[u8]) -> Result<(), MediumError> {
        let mut state = self.transfer(at, from.len())?;
        state.bytes[at as usize..][..from.len()].copy_from_slice(from);
        state.cached.extend(units(at..at + from.len() as u64));
        Ok(())
    }

    fn flush(&self) -> Result<(), MediumError> {
        self.transfer(0, 0).map(drop)
    }

    fn discard(&self, range: Range<u64>) {
        assert!([range.start, range.end].into_iter().all(|at| at.is_multiple_of(UNIT_BYTES)));
        let mut state = self.state();
        for unit in units(range) {
            state.cached.remove(&unit);
        }
    }
}
