//! A counter that programs read, write and wait for: eventfd(2).

use alloc::sync::Arc;

use super::anonymous;
use super::file_ops::FileOps;
use super::open_file::OpenFile;
use super::open_flags::OpenFlags;
use super::readiness::{PollQueue, Readiness};
use crate::fs::error::FsError;
use crate::fs::io::{Bytes, BytesMut, Sink, Source};
use crate::sync::{Rank, SpinMutex, WaitQueue};

/// The largest value that the counter can have.
const COUNT_MAX: u64 = u64::MAX - 1;

/// The size of the value that is read and written, in bytes, in the CPU's byte order.
const VALUE_BYTES: usize = size_of::<u64>();

/// The value that a read takes from the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// The whole value.
    All,
    /// 1, as for a semaphore.
    One,
}

/// A counter.
struct EventCounter {
    takes: Takes,
    /// Protects the counter; held for a change.
    count: SpinMutex<u64>,
    /// Woken when the counter isn't 0.
    filled: WaitQueue,
    /// Woken when the counter has become smaller.
    drained: WaitQueue,
    poll_queue: PollQueue,
}

impl EventCounter {
    /// Takes a value, if the counter isn't 0.
    fn take(&self) -> Option<u64> {
        let mut count = self.count.lock();
        let taken = match self.takes {
            Takes::All => *count,
            Takes::One => 1.min(*count),
        };
        *count -= taken;
        (taken > 0).then_some(taken)
    }

    /// Adds `value`, if there is room for it.
    fn add(&self, value: u64) -> Option<()> {
        let mut count = self.count.lock();
        let sum = count.checked_add(value).filter(|sum| *sum <= COUNT_MAX)?;
        *count = sum;
        Some(())
    }
}

/// Calls `attempt` until it succeeds; waits in between, unless `flags` are nonblocking.
fn wait_for<R>(
    queue: &WaitQueue,
    flags: OpenFlags,
    attempt: impl Fn() -> Option<R>,
) -> Result<R, FsError> {
    let mut result = attempt();
    if result.is_none() && flags.contains(OpenFlags::NONBLOCK) {
        return Err(FsError::WouldBlock);
    }
    if result.is_none() {
        let waited = queue.wait_until_cancellable(None, || {
            result = attempt();
            result.is_some()
        });
        if let Err(error) = waited {
            // The wake-up may have been needed by another thread.
            queue.wake_one();
            return Err(error.into());
        }
    }
    result.ok_or(FsError::WouldBlock)
}

impl FileOps for EventCounter {
    fn read(&self, flags: OpenFlags, _offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        if to.room() < VALUE_BYTES {
            return Err(FsError::InvalidArgument);
        }
        let taken = wait_for(&self.filled, flags, || self.take())?;
        if self.takes == Takes::One {
            // Wakes the next waiting reader.
            self.filled.wake_one();
        }
        self.drained.wake_all();
        self.poll_queue.notify_of(Readiness::OUT);
        match to.put(Bytes::Slice(&taken.to_ne_bytes())) {
            VALUE_BYTES => Ok(VALUE_BYTES),
            _ => Err(FsError::BadAddress),
        }
    }

    fn write(
        &self,
        flags: OpenFlags,
        _offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        if from.left() < VALUE_BYTES {
            return Err(FsError::InvalidArgument);
        }
        let mut value = [0; VALUE_BYTES];
        if from.fill(BytesMut::Slice(&mut value)) < VALUE_BYTES {
            return Err(FsError::BadAddress);
        }
        let value = u64::from_ne_bytes(value);
        if value > COUNT_MAX {
            return Err(FsError::InvalidArgument);
        }
        wait_for(&self.drained, flags, || self.add(value))?;
        self.filled.wake_one();
        self.poll_queue.notify_of(Readiness::IN);
        Ok(VALUE_BYTES)
    }

    fn ignores_seeks(&self) -> bool {
        true
    }

    fn readiness(&self) -> Readiness {
        let count = *self.count.lock();
        let mut readiness = Readiness::empty();
        readiness.set(Readiness::IN, count > 0);
        readiness.set(Readiness::OUT, count < COUNT_MAX);
        readiness
    }

    fn poll_queue(&self) -> Option<&PollQueue> {
        Some(&self.poll_queue)
    }
}

/// Makes a counter with the initial value `count`. Of `flags`, only [`OpenFlags::NONBLOCK`] is
/// used.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn open(count: u32, takes: Takes, flags: OpenFlags) -> Result<Arc<OpenFile>, FsError> {
    let counter = Arc::try_new(EventCounter {
        takes,
        count: SpinMutex::new(Rank::Files, count.into()),
        filled: WaitQueue::new(),
        drained: WaitQueue::new(),
        poll_queue: PollQueue::new(),
    })?;
    anonymous::open("eventfd", flags & OpenFlags::NONBLOCK | OpenFlags::READ_WRITE, counter)
}
