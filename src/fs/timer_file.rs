//! Timers as files: timerfd_create(2).

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use super::clock_timer::{ClockTimer, Expiry, Setting, TimerClock};
use super::error::FsError;
use super::file::anonymous;
use super::file::file_ops::{self, FileOps};
use super::file::open_file::OpenFile;
use super::file::open_flags::OpenFlags;
use super::file::readiness::{PollQueue, Readiness};
use super::io::{Bytes, Sink};
use crate::sync::WaitQueue;

/// The state that the timer and its readers share.
struct Expirations {
    /// The number of expirations that have not been read.
    count: AtomicU64,
    readers: WaitQueue,
    poll_queue: PollQueue,
}

/// A timer as a file.
pub struct TimerFile {
    timer: Arc<ClockTimer>,
    expirations: Arc<Expirations>,
}

/// Makes an open file of a disarmed timer of `clock`. Of `flags`, only [`OpenFlags::NONBLOCK`] is
/// used.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn open(clock: Arc<dyn TimerClock>, flags: OpenFlags) -> Result<Arc<OpenFile>, FsError> {
    let expirations = Arc::try_new(Expirations {
        count: AtomicU64::new(0),
        readers: WaitQueue::new(),
        poll_queue: PollQueue::new(),
    })?;
    let of_timer = expirations.clone();
    let on_expiry = Box::try_new(move |count| of_timer.add(count))?;
    let timer = ClockTimer::try_new(clock, on_expiry)?;
    let flags = flags & OpenFlags::NONBLOCK | OpenFlags::READ_WRITE;
    anonymous::open("timerfd", flags, Arc::try_new(TimerFile { timer, expirations })?)
}

/// Returns the timer of an open file, if it is one.
pub fn timer_of(file: &OpenFile) -> Option<&TimerFile> {
    file.special().and_then(|ops| file_ops::downcast(&**ops))
}

impl Expirations {
    fn add(&self, count: u64) {
        // Saturates, so that a count that is never read stays at the maximum.
        let more = |before: u64| Some(before.saturating_add(count));
        let _ = self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        self.readers.wake_all();
        self.poll_queue.notify();
    }
}

impl TimerFile {
    /// Sets the timer, and discards earlier expirations; returns the previous setting.
    pub fn set(&self, expiry: Expiry, interval_ns: u64) -> Setting {
        let before = self.timer.set(Expiry::Never, 0);
        self.expirations.count.store(0, Ordering::Relaxed);
        self.timer.set(expiry, interval_ns);
        before
    }

    /// Returns the setting of the timer.
    pub fn setting(&self) -> Setting {
        self.timer.setting()
    }
}

impl FileOps for TimerFile {
    /// Reads the number of expirations since the last read, as 8 bytes.
    fn read(&self, flags: OpenFlags, _offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        if to.room() < size_of::<u64>() {
            return Err(FsError::InvalidArgument);
        }
        let expirations = &*self.expirations;
        let mut count = expirations.count.swap(0, Ordering::Relaxed);
        if count == 0 {
            if flags.contains(OpenFlags::NONBLOCK) {
                return Err(FsError::WouldBlock);
            }
            expirations.readers.wait_until_cancellable(None, || {
                count = expirations.count.swap(0, Ordering::Relaxed);
                count > 0
            })?;
        }
        let bytes = count.to_ne_bytes();
        match to.put(Bytes::Slice(&bytes)) {
            8 => Ok(bytes.len()),
            _ => Err(FsError::BadAddress),
        }
    }

    fn readiness(&self) -> Readiness {
        match self.expirations.count.load(Ordering::Relaxed) {
            0 => Readiness::empty(),
            _ => Readiness::IN,
        }
    }

    fn poll_queue(&self) -> Option<&PollQueue> {
        Some(&self.expirations.poll_queue)
    }
}

impl Drop for TimerFile {
    fn drop(&mut self) {
        self.timer.disarm();
    }
}
