//! Waiting until one of several files is ready.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use blocking::WaitError;

use super::open_file::OpenFile;
use super::readiness::{Observer, PollQueue, Readiness};
use crate::fs::error::FsError;
use crate::sync::WaitQueue;

/// A file that a thread waits for.
#[derive(Debug)]
pub struct PollItem {
    /// The file; if there is none, `ready` doesn't change.
    pub file: Option<Arc<OpenFile>>,
    /// The requested readiness; nothing else is reported.
    pub wanted: Readiness,
    /// The part of the requested readiness that the file has.
    pub ready: Readiness,
}

impl PollItem {
    /// No file.
    pub const NONE: Self =
        Self { file: None, wanted: Readiness::empty(), ready: Readiness::empty() };
}

/// A waiting thread.
struct Waiter {
    is_notified: AtomicBool,
    queue: WaitQueue,
}

impl PollWait {
    /// Returns the end of the wait, on the kernel's clock; `None` for a wait without a limit.
    pub(super) fn deadline_ns(self) -> Option<u64> {
        match self {
            Self::Until(deadline_ns) => Some(deadline_ns),
            Self::No | Self::Endless => None,
        }
    }
}

impl Observer for Waiter {
    fn notify(&self, _events: Readiness) -> Option<&PollQueue> {
        self.is_notified.store(true, Ordering::Relaxed);
        self.queue.wake_all();
        None
    }
}

/// The time for which [`poll`] waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollWait {
    /// No wait.
    No,
    /// Until this time on the kernel's clock, in nanoseconds.
    Until(u64),
    /// Without a limit.
    Endless,
}

/// Waits until some of `items` are ready, and returns their number; 0 if none is ready in time.
///
/// # Errors
/// [`FsError::Interrupted`], [`FsError::NoMemory`].
pub fn poll(items: &mut [PollItem], wait: PollWait) -> Result<usize, FsError> {
    match look(items) {
        0 if wait != PollWait::No => watch_until_ready(items, wait),
        ready => Ok(ready),
    }
}

/// Watches all files, and waits until some are ready.
#[inline(never)]
fn watch_until_ready(items: &mut [PollItem], wait: PollWait) -> Result<usize, FsError> {
    let waiter = Waiter { is_notified: AtomicBool::new(false), queue: WaitQueue::new() };
    let waiter = Arc::try_new(waiter)?;
    let observer: Arc<dyn Observer> = waiter.clone();
    let mut watched = Ok(());
    let mut count = 0;
    for queue in items.iter().filter_map(queue_of) {
        watched = queue.watch(&observer);
        if watched.is_err() {
            break;
        }
        count += 1;
    }
    let result = watched.and_then(|()| wait_until_ready(items, wait, &waiter));
    items.iter().filter_map(queue_of).take(count).for_each(|queue| queue.unwatch(&observer));
    result
}

fn queue_of(item: &PollItem) -> Option<&PollQueue> {
    item.file.as_ref().and_then(|file| file.poll_queue())
}

/// Checks all items; returns the number of those that are ready.
fn look(items: &mut [PollItem]) -> usize {
    let mut ready = 0;
    for item in items {
        if let Some(file) = &item.file {
            item.ready = file.readiness().reported(item.wanted);
        }
        ready += usize::from(!item.ready.is_empty());
    }
    ready
}

fn wait_until_ready(
    items: &mut [PollItem],
    wait: PollWait,
    waiter: &Waiter,
) -> Result<usize, FsError> {
    loop {
        let ready = look(items);
        if ready > 0 {
            return Ok(ready);
        }
        let is_notified = || waiter.is_notified.load(Ordering::Relaxed);
        match waiter.queue.wait_until_cancellable(wait.deadline_ns(), is_notified) {
            Ok(()) => waiter.is_notified.store(false, Ordering::SeqCst),
            Err(WaitError::TimedOut) => return Ok(look(items)),
            Err(WaitError::Cancelled) => return Err(FsError::Interrupted),
        }
    }
}
