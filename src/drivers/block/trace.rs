//! The last requests of a disk, and how long its requests took.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use heapless::HistoryBuf;
use sample_histogram::Histogram;

use super::request::{IoError, Operation};
use crate::sync::{Rank, SpinMutex};

/// The number of requests that a trace keeps.
pub const TRACED_REQUESTS: usize = 256;

/// A request that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracedRequest {
    /// What was done.
    pub operation: Operation,
    /// The first sector.
    pub sector: u64,
    /// The number of bytes.
    pub len_bytes: u32,
    /// The number of requests that the disk had when it began, with this one.
    pub depth: u32,
    /// When it began, by the kernel's clock, in nanoseconds.
    pub begun_ns: u64,
    /// The time until the device's answer, in nanoseconds, with all its tries.
    pub took_ns: u64,
    /// The outcome.
    pub result: Result<(), IoError>,
}

/// A kind of request, for the statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracedKind {
    /// Reads.
    Read,
    /// Writes.
    Write,
    /// Flushes of the disk's cache.
    Flush,
}

impl TracedKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Flush];
}

impl From<Operation> for TracedKind {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::Read => Self::Read,
            Operation::Write { .. } => Self::Write,
            Operation::Flush => Self::Flush,
        }
    }
}

struct State {
    last: HistoryBuf<TracedRequest, TRACED_REQUESTS>,
    /// The times of the requests that have succeeded, in nanoseconds, by [`TracedKind`].
    times: [Histogram; TracedKind::ALL.len()],
}

/// The trace of a disk's requests.
pub struct Trace {
    /// The number of requests that were begun and not finished.
    depth: AtomicU32,
    /// Protects the records; held to add one, or to copy them; not taken by interrupt handlers.
    state: SpinMutex<Box<State>>,
}

impl Trace {
    /// Makes an empty trace; `None` if there is no memory.
    pub(crate) fn try_new() -> Option<Self> {
        let histogram = || Histogram::try_new().ok();
        let times = [histogram()?, histogram()?, histogram()?];
        let state = Box::try_new(State { last: HistoryBuf::new(), times }).ok()?;
        Some(Self { depth: AtomicU32::new(0), state: SpinMutex::new(Rank::Drivers, state) })
    }

    /// Counts a request that begins. Returns the number of requests that the disk has with it.
    pub(super) fn note_begin(&self) -> u32 {
        self.depth.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts a request that has ended, or could not be begun.
    pub(super) fn note_end(&self) {
        self.depth.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns the number of requests that the disk has now.
    pub fn depth(&self) -> u32 {
        self.depth.load(Ordering::Relaxed)
    }

    /// Records a request that has ended.
    pub(super) fn record(&self, request: TracedRequest) {
        let mut state = self.state.lock();
        state.last.write(request);
        if request.result.is_ok() {
            state.times[TracedKind::from(request.operation) as usize].record(request.took_ns);
        }
    }

    /// Returns the last requests, in the order of their ends; `None` if there is no memory.
    pub fn last(&self) -> Option<Vec<TracedRequest>> {
        let mut last = Vec::new();
        last.try_reserve_exact(TRACED_REQUESTS).ok()?;
        last.extend(self.state.lock().last.oldest_ordered());
        Some(last)
    }

    /// Returns the times of the requests of a kind that have succeeded, in nanoseconds; `None` if
    /// there is no memory.
    pub fn times(&self, kind: TracedKind) -> Option<Histogram> {
        self.state.lock().times[kind as usize].try_clone().ok()
    }
}
