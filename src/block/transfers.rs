//! Requests that disks have got, and that have to be finished.

use heapless::Deque;

use crate::drivers::block::disk::{Begun, Disk, NotBegun};
use crate::drivers::block::request::{IoError, Request};

/// The most requests that are in flight at once.
const IN_FLIGHT_MAX: usize = 8;

/// Requests of one or more transfers that are in flight at once.
///
/// A request in flight occupies a place in the queue of its disk until it is finished here, and other
/// threads may wait for such places. So a thread that has some must not wait for a lock: the thread that
/// holds the lock may be one of them.
#[derive(Default)]
#[must_use = "dropped, it waits for the requests, and ignores their errors"]
pub struct Transfers<'a> {
    in_flight: Deque<(&'a dyn Disk, Begun), IN_FLIGHT_MAX>,
    /// The first error since the last call of [`finish`](Self::finish).
    error: Option<IoError>,
}

impl<'a> Transfers<'a> {
    /// Makes a value without requests.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a request. While there is no room for it, here or in the disk's queue, finishes the first
    /// ones, because other threads may wait for theirs in the same way.
    pub(super) fn begin(&mut self, disk: &'a dyn Disk, request: Request) -> Result<(), IoError> {
        if self.in_flight.is_full() {
            self.finish_first();
        }
        let mut request = request;
        let begun = loop {
            request = match disk.try_begin(request) {
                Ok(begun) => break begun,
                Err(NotBegun::Failed(error)) => return Err(error),
                Err(NotBegun::Full(request)) => request,
            };
            if !self.finish_first() {
                break disk.begin(request)?;
            }
        };
        let Ok(()) = self.in_flight.push_back((disk, begun)) else { unreachable!("there is room") };
        Ok(())
    }

    /// Finishes the request that began first. Returns whether there was one.
    fn finish_first(&mut self) -> bool {
        let first = self.in_flight.pop_front();
        first.map(|(disk, begun)| self.finish_one(disk, begun)).is_some()
    }

    fn finish_one(&mut self, disk: &dyn Disk, begun: Begun) {
        let ended = disk.finish(begun);
        self.error = self.error.or(ended.err());
    }

    /// Waits until all requests have ended.
    pub fn wait(&mut self) {
        // The last one first: usually the others have ended by then, so the thread sleeps once.
        while let Some((disk, begun)) = self.in_flight.pop_back() {
            self.finish_one(disk, begun);
        }
    }

    /// Waits until all requests have ended, and returns the first error since the last call.
    ///
    /// # Errors
    /// See [`IoError`].
    pub fn finish(&mut self) -> Result<(), IoError> {
        self.wait();
        self.error.take().map_or(Ok(()), Err)
    }
}

impl Drop for Transfers<'_> {
    fn drop(&mut self) {
        self.wait();
    }
}
