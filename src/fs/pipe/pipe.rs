//! A pipe: reads, writes, and waiting for the other end.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use super::buffer::Buffer;
use crate::fs::error::FsError;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::readiness::{PollQueue, Readiness};
use crate::fs::io::{Sink, Source, done_or};
use crate::sync::{Mutex, MutexGuard, Rank, WaitQueue};

/// The largest write that is never interleaved with others, in bytes.
pub const PIPE_BUF_BYTES: usize = 4096;

/// The state that the ends of a pipe share.
pub(super) struct State {
    pub(super) buffer: Buffer,
    pub(super) readers: u32,
    pub(super) writers: u32,
    pub(super) opens: Opens,
}

/// The number of times a pipe was opened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opens {
    /// For reading.
    pub(super) reader: u64,
    /// For writing.
    pub(super) writer: u64,
}

/// What polls of the ends of a pipe look at, so that they don't need the lock of its state: copies
/// that are stored after each change, with the lock held.
#[derive(Default)]
pub(super) struct Polled {
    pub(super) has_bytes: AtomicBool,
    pub(super) has_room: AtomicBool,
    pub(super) has_readers: AtomicBool,
    pub(super) has_writers: AtomicBool,
}

impl Polled {
    /// Stores whether there are bytes, and room.
    #[inline]
    fn set_contents(&self, has_bytes: bool, has_room: bool) {
        self.has_bytes.store(has_bytes, Ordering::Relaxed);
        self.has_room.store(has_room, Ordering::Relaxed);
    }

    /// Stores what `state` has.
    pub(super) fn set(&self, state: &State) {
        self.set_contents(!state.buffer.is_empty(), !state.buffer.is_full());
        self.has_readers.store(state.readers > 0, Ordering::Relaxed);
        // A thread that sees that there are no writers also sees the bytes that they have written.
        self.has_writers.store(state.writers > 0, Ordering::Release);
    }
}

/// Whether a pipe has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// The pipe belongs to a FIFO: an open of one end waits for the other end.
    Named,
    /// The pipe was made with both ends.
    Anonymous,
}

/// A pipe.
pub struct Pipe {
    pub(super) naming: Naming,
    /// Protects the bytes and the counts; held while bytes are copied.
    pub(super) state: Mutex<State>,
    pub(super) polled: Polled,
    /// Woken when there are bytes, or no writers.
    pub(super) filled: WaitQueue,
    /// Woken when there is room, or there are no readers.
    drained: WaitQueue,
    /// Woken when the other end of a FIFO is opened.
    pub(super) opened: WaitQueue,
    pub(super) poll_queue: PollQueue,
}

impl Pipe {
    /// Makes a pipe without ends.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new(naming: Naming) -> Result<Arc<Self>, FsError> {
        let buffer = Buffer::try_new()?;
        Ok(Arc::try_new(Self {
            naming,
            state: Mutex::new(
                Rank::SpecialFile,
                State { buffer, readers: 0, writers: 0, opens: Opens::default() },
            ),
            polled: Polled::default(),
            filled: WaitQueue::new(),
            drained: WaitQueue::new(),
            opened: WaitQueue::new(),
            poll_queue: PollQueue::new(),
        })?)
    }

    /// Waits until there are bytes or no writers, unless `flags` are nonblocking.
    pub(super) fn wait_for_bytes(
        &self,
        flags: OpenFlags,
    ) -> Result<MutexGuard<'_, State>, FsError> {
        let mut interrupted = Ok(());
        loop {
            let state = self.state.lock();
            if !state.buffer.is_empty() || state.writers == 0 {
                return Ok(state);
            }
            if flags.contains(OpenFlags::NONBLOCK) {
                return Err(FsError::WouldBlock);
            }
            interrupted?;
            let prepared = self.filled.prepare();
            drop(state);
            interrupted = self.filled.wait_prepared(prepared);
        }
    }

    /// Moves bytes to `to`; waits for the first byte.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`], [`FsError::Interrupted`], [`FsError::BadAddress`].
    pub(super) fn read(&self, flags: OpenFlags, to: &mut dyn Sink) -> Result<usize, FsError> {
        if to.room() == 0 {
            return Ok(0);
        }
        let mut state = self.wait_for_bytes(flags)?;
        let was_full = state.buffer.is_full();
        let mut done = 0;
        let result = state.buffer.take(to, &mut done);
        let (has_more, is_full) = (!state.buffer.is_empty(), state.buffer.is_full());
        self.polled.set_contents(has_more, !is_full);
        drop(state);
        if has_more {
            // Wakes the next waiting reader.
            self.filled.wake_prepared();
        }
        if was_full && !is_full {
            self.drained.wake_prepared();
            self.poll_queue.notify_of(Readiness::OUT);
        }
        result.map_or_else(|error| done_or(done, error), |()| Ok(done))
    }

    /// Moves all bytes of `from` into the pipe; waits for room.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`FsError::BrokenPipe`].
    pub(super) fn write(&self, flags: OpenFlags, from: &mut dyn Source) -> Result<usize, FsError> {
        if from.left() == 0 {
            return Ok(0);
        }
        let mut done = 0;
        let mut interrupted = Ok(());
        loop {
            let mut state = self.state.lock();
            if state.readers == 0 {
                return done_or(done, FsError::BrokenPipe);
            }
            if let Err(error) = interrupted
                && state.buffer.is_full()
            {
                return done_or(done, FsError::from(error));
            }
            let was_empty = state.buffer.is_empty();
            let before = done;
            let mut result = state.buffer.fill(from, &mut done);
            let has_ended = result.is_err() || from.left() == 0;
            if !has_ended && flags.contains(OpenFlags::NONBLOCK) {
                result = Err(FsError::WouldBlock);
            }
            let waits = !has_ended && result.is_ok();
            let prepared = waits.then(|| self.drained.prepare());
            let (has_bytes, has_room) = (!state.buffer.is_empty(), !state.buffer.is_full());
            self.polled.set_contents(has_bytes, has_room);
            drop(state);
            if was_empty && has_bytes {
                self.filled.wake_prepared();
            }
            if done > before {
                // As on Linux, edge-triggered observers are notified of each write.
                self.poll_queue.notify_of(Readiness::IN);
            }
            match prepared {
                Some(prepared) => interrupted = self.drained.wait_prepared(prepared),
                None => {
                    if has_room {
                        // Wakes the next waiting writer.
                        self.drained.wake_prepared();
                    }
                    return result.map_or_else(|error| done_or(done, error), |()| Ok(done));
                }
            }
        }
    }

    /// Wakes all threads that wait for the other end.
    pub(super) fn note_ends_changed(&self) {
        self.filled.wake_all();
        self.drained.wake_all();
        self.opened.wake_all();
        self.poll_queue.notify();
    }
}
