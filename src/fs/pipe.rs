//! Pipes and FIFOs: bytes that go from writers to readers.
//!
//! The bytes are in pages, as on Linux: a write fills pages of its own, unless it fits behind the
//! bytes of the last page. So a write of up to [`PIPE_BUF_BYTES`] is either in one page or waits:
//! bytes of others never come between its own.

use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};

use super::error::FsError;
use super::file::file_ops::FileOps;
use super::file::open_flags::OpenFlags;
use super::file::readiness::{PollQueue, Readiness};
use super::io::{Bytes, BytesMut, Sink, Source, done_or};
use super::page_cache::PAGE_BYTES;
use crate::mm::kernel::frames::{AllocatedFrames, Purpose, SharedFrame};
use crate::sync::{Mutex, MutexGuard, Rank, WaitQueue};

/// A write of up to so many bytes is not mixed with others.
pub const PIPE_BUF_BYTES: usize = 4096;

/// How many pages a pipe has at first.
const PAGES: usize = 16;

/// How many it can have.
const PAGES_MAX: usize = 256;

/// Bytes in a page of a pipe.
struct Piece {
    page: SharedFrame,
    start: usize,
    len: usize,
}

impl Piece {
    /// Returns how many bytes fit behind those that are there.
    fn room(&self) -> usize {
        PAGE_BYTES as usize - self.start - self.len
    }
}

/// What a pipe's ends share.
struct State {
    pieces: VecDeque<Piece>,
    /// How many pages there may be.
    pages_max: usize,
    /// A page that was read, for the next write.
    spare: Option<SharedFrame>,
    readers: u32,
    writers: u32,
    opens: Opens,
}

/// How often a pipe was opened.
#[derive(Clone, Copy, Debug, Default)]
struct Opens {
    /// For reading.
    reader: u64,
    /// For writing.
    writer: u64,
}

/// Whether a pipe has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// It is a FIFO's: who opens it waits for the other end.
    Named,
    /// It was made with both ends.
    Anonymous,
}

/// A pipe.
pub struct Pipe {
    naming: Naming,
    /// Protects the bytes and the counts; held while bytes are copied.
    state: Mutex<State>,
    /// There are bytes, or no writers.
    filled: WaitQueue,
    /// There is room, or no readers.
    drained: WaitQueue,
    /// The other end of a FIFO was opened.
    opened: WaitQueue,
    poll_queue: PollQueue,
}

impl Pipe {
    fn try_new(naming: Naming) -> Result<Arc<Self>, FsError> {
        let mut pieces = VecDeque::new();
        pieces.try_reserve_exact(PAGES)?;
        Ok(Arc::try_new(Self {
            naming,
            state: Mutex::new(
                Rank::SpecialFile,
                State {
                    pieces,
                    pages_max: PAGES,
                    spare: None,
                    readers: 0,
                    writers: 0,
                    opens: Opens::default(),
                },
            ),
            filled: WaitQueue::new(),
            drained: WaitQueue::new(),
            opened: WaitQueue::new(),
            poll_queue: PollQueue::new(),
        })?)
    }

    /// Waits until there are bytes, or no writers, unless `flags` are nonblocking.
    fn wait_for_bytes(&self, flags: OpenFlags) -> Result<MutexGuard<'_, State>, FsError> {
        let mut state = self.state.lock();
        while state.pieces.is_empty() && state.writers > 0 {
            if flags.contains(OpenFlags::NONBLOCK) {
                return Err(FsError::WouldBlock);
            }
            drop(state);
            self.filled.wait_until_cancellable(None, || {
                let state = self.state.lock();
                !state.pieces.is_empty() || state.writers == 0
            })?;
            state = self.state.lock();
        }
        Ok(state)
    }

    fn read(&self, flags: OpenFlags, to: &mut dyn Sink) -> Result<usize, FsError> {
        if to.room() == 0 {
            return Ok(0);
        }
        let mut state = self.wait_for_bytes(flags)?;
        let was_full = state.is_full();
        let mut done = 0;
        let mut result = Ok(());
        while to.room() > 0
            && let Some(piece) = state.pieces.front_mut()
        {
            let len = piece.len.min(to.room());
            let bytes = piece.page.bytes(piece.start..piece.start + len);
            let copied = to.put(Bytes::Frame(bytes));
            piece.start += copied;
            piece.len -= copied;
            done += copied;
            if copied < len {
                result = Err(FsError::BadAddress);
                break;
            }
            if piece.len == 0 {
                state.drop_first();
            }
        }
        let has_more = !state.pieces.is_empty();
        let has_room = was_full && !state.is_full();
        drop(state);
        if has_more {
            // For a reader that waits beside this one.
            self.filled.wake_one();
        }
        if has_room {
            self.drained.wake_one();
            self.poll_queue.notify_of(Readiness::OUT);
        }
        result.map_or_else(|error| done_or(done, error), |()| Ok(done))
    }

    fn write(&self, flags: OpenFlags, from: &mut dyn Source) -> Result<usize, FsError> {
        if from.left() == 0 {
            return Ok(0);
        }
        let mut done = 0;
        let mut state = self.state.lock();
        let result = loop {
            if state.readers == 0 {
                break Err(FsError::BrokenPipe);
            }
            let was_empty = state.pieces.is_empty();
            let before = done;
            let result = state.fill(from, &mut done);
            if was_empty && !state.pieces.is_empty() {
                self.filled.wake_one();
            }
            if done > before {
                // Each write counts, as on Linux, for those that wait for a change only.
                self.poll_queue.notify_of(Readiness::IN);
            }
            if result.is_err() || from.left() == 0 {
                break result;
            }
            if flags.contains(OpenFlags::NONBLOCK) {
                break Err(FsError::WouldBlock);
            }
            drop(state);
            let result = self.drained.wait_until_cancellable(None, || {
                let state = self.state.lock();
                !state.is_full() || state.readers == 0
            });
            state = self.state.lock();
            if let Err(error) = result {
                break Err(error.into());
            }
        };
        let has_room = !state.is_full();
        drop(state);
        if has_room {
            // For a writer that waits beside this one.
            self.drained.wake_one();
        }
        result.map_or_else(|error| done_or(done, error), |()| Ok(done))
    }

    fn readiness(&self, end: &PipeEnd) -> Readiness {
        let state = self.state.lock();
        let mut readiness = Readiness::empty();
        if end.end != End::Write {
            readiness.set(Readiness::IN, !state.pieces.is_empty());
            // Not before a FIFO's first writer comes.
            let had_writer = end.had_writer || state.opens.writer != end.opens_before.writer;
            readiness.set(Readiness::HANG_UP, state.writers == 0 && had_writer);
        }
        if end.end != End::Read {
            readiness.set(Readiness::OUT, !state.is_full());
            readiness.set(Readiness::ERROR, state.readers == 0);
        }
        readiness
    }

    /// Wakes all that wait for the other end.
    fn note_ends_changed(&self) {
        self.filled.wake_all();
        self.drained.wake_all();
        self.opened.wake_all();
        self.poll_queue.notify();
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.pieces.len() >= self.pages_max
    }

    /// Copies as much of `from` as fits, and counts it in `done`. A page that can't be filled as far as
    /// it should be is left out, as on Linux.
    fn fill(&mut self, from: &mut dyn Source, done: &mut usize) -> Result<(), FsError> {
        while from.left() > 0 {
            let len = from.left().min(PAGE_BYTES as usize);
            let whole = from.left();
            let is_full = self.is_full();
            let copied = match self.pieces.back_mut().filter(|last| whole <= last.room()) {
                Some(last) => {
                    let start = last.start + last.len;
                    let copied = from.fill(BytesMut::Frame(last.page.bytes(start..start + len)));
                    last.len += if copied == len { len } else { 0 };
                    copied
                }
                None if is_full => return Ok(()),
                None => {
                    let page = self.take_page()?;
                    let copied = from.fill(BytesMut::Frame(page.bytes(0..len)));
                    if copied == len {
                        // The queue has room for all pages.
                        self.pieces.push_back(Piece { page, start: 0, len: copied });
                    }
                    copied
                }
            };
            if copied < len {
                return Err(FsError::BadAddress);
            }
            *done += len;
        }
        Ok(())
    }

    fn take_page(&mut self) -> Result<SharedFrame, FsError> {
        if let Some(page) = self.spare.take() {
            return Ok(page);
        }
        let page = AllocatedFrames::try_new(Purpose::Files);
        page.and_then(|frame| SharedFrame::try_new(frame).ok()).ok_or(FsError::NoMemory)
    }

    /// Removes the first page, whose bytes were read.
    fn drop_first(&mut self) {
        if let Some(piece) = self.pieces.pop_front() {
            self.spare.get_or_insert(piece.page);
        }
    }
}

/// What an end of a pipe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Read,
    Write,
    Both,
}

impl End {
    fn of(flags: OpenFlags) -> Self {
        match (flags.can_read(), flags.can_write()) {
            (true, true) => Self::Both,
            (false, true) => Self::Write,
            _ => Self::Read,
        }
    }
}

/// An end of a pipe, of one open file.
pub struct PipeEnd {
    pipe: Arc<Pipe>,
    end: End,
    /// How often the pipe was opened before this end was.
    opens_before: Opens,
    /// Whether there was a writer then.
    had_writer: bool,
    /// Whether there was a reader then.
    had_reader: bool,
}

impl PipeEnd {
    /// Adds an end. Nobody is woken yet.
    fn try_new(pipe: &Arc<Pipe>, end: End) -> Result<Arc<Self>, FsError> {
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
        Ok(new)
    }

    /// Returns how many bytes can be read (FIONREAD).
    pub fn len_bytes(&self) -> usize {
        self.pipe.state.lock().pieces.iter().map(|piece| piece.len).sum()
    }

    /// Returns whether it is an end of the same pipe.
    pub fn is_same_pipe(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pipe, &other.pipe)
    }

    /// Copies bytes to `to` that stay in the pipe, after the first `skipped` ones; returns how many.
    /// Waits as a read does.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`], [`FsError::Interrupted`].
    pub fn peek(&self, flags: OpenFlags, skipped: usize, to: &mut [u8]) -> Result<usize, FsError> {
        let state = self.pipe.wait_for_bytes(flags)?;
        let (mut skipped, mut done) = (skipped, 0);
        for piece in &state.pieces {
            let start = piece.start + skipped.min(piece.len);
            let len = (piece.start + piece.len - start).min(to.len() - done);
            skipped -= start - piece.start;
            piece.page.bytes(start..start + len).read(&mut to[done..done + len]);
            done += len;
        }
        Ok(done)
    }

    /// Puts bytes of at most a page back that were just read, before all others. For a time the pipe
    /// may have a page more than it should.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn put_back(&self, bytes: &[u8]) -> Result<(), FsError> {
        let mut state = self.pipe.state.lock();
        let page = state.take_page()?;
        page.bytes(0..bytes.len()).write(bytes);
        state.pieces.try_reserve(1)?;
        state.pieces.push_front(Piece { page, start: 0, len: bytes.len() });
        drop(state);
        self.pipe.filled.wake_one();
        self.pipe.poll_queue.notify_of(Readiness::IN);
        Ok(())
    }

    /// Returns how many bytes the pipe holds if each page is full (F_GETPIPE_SZ).
    pub fn capacity_bytes(&self) -> usize {
        self.pipe.state.lock().pages_max * PAGE_BYTES as usize
    }

    /// Sets how many bytes the pipe holds, rounded up to a power of two of pages; returns how many
    /// (F_SETPIPE_SZ).
    ///
    /// # Errors
    /// [`FsError::NotPermitted`] above 1 MiB, [`FsError::Busy`] if it holds more,
    /// [`FsError::NoMemory`].
    pub fn set_capacity_bytes(&self, capacity_bytes: usize) -> Result<usize, FsError> {
        let pages = capacity_bytes.div_ceil(PAGE_BYTES as usize).max(1);
        if pages > PAGES_MAX {
            return Err(FsError::NotPermitted);
        }
        let pages = pages.next_power_of_two();
        let mut state = self.pipe.state.lock();
        let used = state.pieces.len();
        if pages < used {
            return Err(FsError::Busy);
        }
        state.pieces.try_reserve_exact(pages - used)?;
        state.pages_max = pages;
        drop(state);
        self.pipe.note_ends_changed();
        Ok(pages * PAGE_BYTES as usize)
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
            // What nobody has read is gone, also from a FIFO that is opened again.
            state.pieces.clear();
            state.spare = None;
        }
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
        self.pipe.readiness(self)
    }

    fn poll_queue(&self) -> Option<&PollQueue> {
        Some(&self.pipe.poll_queue)
    }
}

/// Makes a pipe, whose inode has `slot`; returns the end that is read and the end that is written.
///
/// # Errors
/// [`FsError::NoMemory`].
pub(super) fn ends(slot: &Mutex<Weak<Pipe>>) -> Result<(Arc<PipeEnd>, Arc<PipeEnd>), FsError> {
    let pipe = Pipe::try_new(Naming::Anonymous)?;
    *slot.lock() = Arc::downgrade(&pipe);
    Ok((PipeEnd::try_new(&pipe, End::Read)?, PipeEnd::try_new(&pipe, End::Write)?))
}

/// Opens a FIFO, or a pipe by its place in procfs, whose inode has `slot`. Waits until a FIFO is open
/// for the other direction, unless `flags` say that nothing waits, or it is open for both.
///
/// # Errors
/// [`FsError::NoDevice`] if it would wait for a reader; [`FsError::Interrupted`];
/// [`FsError::NoMemory`].
pub(super) fn open_fifo(
    slot: &Mutex<Weak<Pipe>>,
    flags: OpenFlags,
) -> Result<Arc<PipeEnd>, FsError> {
    let pipe = shared(slot)?;
    let end = End::of(flags);
    let is_named = pipe.naming == Naming::Named;
    let is_waiting = is_named && !flags.contains(OpenFlags::NONBLOCK);
    if is_named && end == End::Write && !is_waiting && pipe.state.lock().readers == 0 {
        return Err(FsError::NoDevice);
    }
    let new = PipeEnd::try_new(&pipe, end)?;
    pipe.note_ends_changed();
    // An end that was there when this one came counts, and one that has come and gone meanwhile.
    let before = new.opens_before;
    let has_other_end = |state: &State| match end {
        End::Read => new.had_writer || state.opens.writer != before.writer,
        End::Write => new.had_reader || state.opens.reader != before.reader,
        End::Both => true,
    };
    if is_waiting {
        pipe.opened.wait_until_cancellable(None, || has_other_end(&pipe.state.lock()))?;
    }
    Ok(new)
}

/// Returns the pipe of a FIFO; makes it for the first end.
fn shared(slot: &Mutex<Weak<Pipe>>) -> Result<Arc<Pipe>, FsError> {
    let mut slot = slot.lock();
    match slot.upgrade() {
        Some(pipe) => Ok(pipe),
        None => {
            let pipe = Pipe::try_new(Naming::Named)?;
            *slot = Arc::downgrade(&pipe);
            Ok(pipe)
        }
    }
}
