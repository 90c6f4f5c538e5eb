//! An end of a pipe, as an open file.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use super::pipe::{Opens, Pipe};
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::readiness::{PollQueue, Readiness};
use crate::fs::io::{Sink, Source};

/// The direction of an end of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Read,
    Write,
    Both,
}

impl End {
    /// Returns the end for a file that is opened with `flags`.
    pub(super) fn of(flags: OpenFlags) -> Self {
        match (flags.can_read(), flags.can_write()) {
            (true, true) => Self::Both,
            (false, true) => Self::Write,
            _ => Self::Read,
        }
    }
}

/// An end of a pipe, which belongs to one open file.
pub struct PipeEnd {
    pipe: Arc<Pipe>,
    end: End,
    /// The number of opens of the pipe before this one.
    pub(super) opens_before: Opens,
    /// Whether there was a writer at that time.
    pub(super) had_writer: bool,
    /// Whether there was a reader at that time.
    pub(super) had_reader: bool,
}

impl PipeEnd {
    /// Adds an end. The caller has to wake the threads that wait for it.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new(pipe: &Arc<Pipe>, end: End) -> Result<Arc<Self>, FsError> {
        let mut state = pipe.state.lock();
        let (had_writer, had_reader) = (state.writers > 0, state.readers > 0);
        let new = Arc::try_new(Self {
            pipe: pipe.clone(),
            end,
            opens_before: state.opens,
            had_writer,
            had_reader,
        })?;
        if end != End::Write {
            state.readers += 1;
            state.opens.reader += 1;
        }
        if end != End::Read {
            state.writers += 1;
            state.opens.writer += 1;
        }
        pipe.polled.set(&state);
        Ok(new)
    }

    /// Returns the number of bytes that can be read (FIONREAD).
    pub fn len_bytes(&self) -> usize {
        self.pipe.state.lock().buffer.len_bytes()
    }

    /// Returns whether it is an end of the same pipe.
    pub fn is_same_pipe(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pipe, &other.pipe)
    }

    /// Copies bytes after the first `skipped` ones to `to`, without removing them; returns their
    /// number. Waits as a read does.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`], [`FsError::Interrupted`].
    pub fn peek(&self, flags: OpenFlags, skipped: usize, to: &mut [u8]) -> Result<usize, FsError> {
        let state = self.pipe.wait_for_bytes(flags)?;
        Ok(state.buffer.peek(skipped, to))
    }

    /// Inserts bytes that were just read, at most a page, before all others. The pipe may have one
    /// page too many for a time.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn put_back(&self, bytes: &[u8]) -> Result<(), FsError> {
        let mut state = self.pipe.state.lock();
        state.buffer.put_back(bytes)?;
        self.pipe.polled.set(&state);
        drop(state);
        self.pipe.filled.wake_one();
        self.pipe.poll_queue.notify_of(Readiness::IN);
        Ok(())
    }

    /// Returns the number of bytes that the pipe can hold if each page is full (F_GETPIPE_SZ).
    pub fn capacity_bytes(&self) -> usize {
        self.pipe.state.lock().buffer.capacity_bytes()
    }

    /// Returns whether the writers have closed the pipe. A FIFO hangs up only after it has had a
    /// writer.
    fn is_hung_up(&self) -> bool {
        let state = self.pipe.state.lock();
        let had_writer = self.had_writer || state.opens.writer != self.opens_before.writer;
        state.writers == 0 && had_writer
    }

    /// Sets the number of bytes that the pipe can hold, rounded up to a power of two of pages;
    /// returns the number that was set (F_SETPIPE_SZ).
    ///
    /// # Errors
    /// [`FsError::NotPermitted`] above 1 MiB, [`FsError::Busy`] if it holds more,
    /// [`FsError::NoMemory`].
    pub fn set_capacity_bytes(&self, capacity_bytes: usize) -> Result<usize, FsError> {
        let capacity_bytes = {
            let mut state = self.pipe.state.lock();
            state.buffer.set_capacity_bytes(capacity_bytes)?;
            self.pipe.polled.set(&state);
            state.buffer.capacity_bytes()
        };
        self.pipe.note_ends_changed();
        Ok(capacity_bytes)
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        let mut state = self.pipe.state.lock();
        if self.end != End::Write {
            state.readers -= 1;
        }
        if self.end != End::Read {
            state.writers -= 1;
        }
        if state.readers == 0 && state.writers == 0 {
            // Unread bytes are lost, also if a FIFO is opened again.
            state.buffer.clear();
        }
        self.pipe.polled.set(&state);
        drop(state);
        self.pipe.note_ends_changed();
    }
}

impl FileOps for PipeEnd {
    fn read(&self, flags: OpenFlags, _offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        self.pipe.read(flags, to)
    }

    fn write(
        &self,
        flags: OpenFlags,
        _offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        self.pipe.write(flags, from)
    }

    fn readiness(&self) -> Readiness {
        let polled = &self.pipe.polled;
        let mut readiness = Readiness::empty();
        if self.end != End::Write {
            // Writers first: if there are none, the bytes that they have written are seen.
            let has_writers = polled.has_writers.load(Ordering::Acquire);
            readiness.set(Readiness::IN, polled.has_bytes.load(Ordering::Relaxed));
            readiness.set(Readiness::HANG_UP, !has_writers && self.is_hung_up());
        }
        if self.end != End::Read {
            readiness.set(Readiness::OUT, polled.has_room.load(Ordering::Relaxed));
            readiness.set(Readiness::ERROR, !polled.has_readers.load(Ordering::Relaxed));
        }
        readiness
    }

    fn poll_queue(&self) -> Option<&PollQueue> {
        Some(&self.pipe.poll_queue)
    }
}
