//! A terminal.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use ::signals::Signal;
use blocking::WaitError;
use line_discipline::{
    CreateError, Device, FlowAction, INPUT_BYTES, LineDiscipline, Queues, ReadRequest, ReadStep,
    TerminalSignals, Termios, WindowSize,
};

use super::devpts::SLAVE_MAJOR;
use super::line::Line;
use super::processes;
use crate::arch::time::clock;
use crate::fs::attributes::DeviceNumber;
use crate::fs::error::FsError;
use crate::fs::file::readiness::{PollQueue, Readiness};
use crate::fs::io::{Bytes, BytesMut, Sink, Source, done_or};
use crate::sync::{Rank, SpinMutex, WaitQueue};
use crate::task;

/// The number of bytes that are copied at once.
const CHUNK_BYTES: usize = 256;

/// The number of the serial line, /dev/ttyS0.
///
/// Source: Linux, Documentation/admin-guide/devices.txt.
const SERIAL_LINE: DeviceNumber = DeviceNumber { major: 4, minor: 64 };

/// A terminal. For a pseudo-terminal, it includes both ends: the slave reads and writes through the
/// line discipline, and the master receives and sends as a device does.
pub struct Terminal {
    /// Protects the line discipline; held while bytes are processed, not while they are copied from
    /// or to a program.
    pub(super) discipline: SpinMutex<LineDiscipline>,
    /// Woken when a read or a write becomes possible at one of the ends.
    pub(super) changed: WaitQueue,
    poll_queue: PollQueue,
    /// The process group in the foreground; 0 if there is none.
    foreground_group: AtomicU32,
    /// The session whose controlling terminal it is; 0 if there is none.
    session: AtomicU32,
    /// The number of hang-ups: files that were opened before the last one can't be used.
    hang_ups: AtomicU32,
    pub(super) line: Line,
}

impl Terminal {
    /// Makes a terminal.
    ///
    /// # Errors
    /// [`CreateError`].
    pub(super) fn try_new(device: Device, line: Line) -> Result<Self, CreateError> {
        Ok(Self {
            discipline: SpinMutex::new(Rank::Files, LineDiscipline::try_new(device)?),
            changed: WaitQueue::new(),
            poll_queue: PollQueue::new(),
            foreground_group: AtomicU32::new(0),
            session: AtomicU32::new(0),
            hang_ups: AtomicU32::new(0),
            line,
        })
    }

    /// Processes bytes that the device has received. Bytes for which there is no room are lost. May
    /// wait.
    pub fn receive(&self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = self.receive_some(rest);
            if taken == 0 {
                return;
            }
            rest = &rest[taken..];
        }
    }

    /// Processes bytes that the device has received, as long as there is room. Returns their
    /// number. May wait.
    pub(super) fn receive_some(&self, bytes: &[u8]) -> usize {
        let received = self.discipline.lock().receive(bytes);
        self.note_change();
        // Sent before the output, for which this thread may wait while a program floods the line.
        if let Some(group) = self.foreground_group() {
            for (of_terminal, signal) in [
                (TerminalSignals::INTERRUPT, Signal::INT),
                (TerminalSignals::QUIT, Signal::QUIT),
                (TerminalSignals::SUSPEND, Signal::TSTP),
            ] {
                if received.signals.contains(of_terminal) {
                    processes::send_to_group(group, signal);
                }
            }
        }
        self.send_output();
        received.taken
    }

    /// Sends the output of the line discipline to the device. Does nothing for a pseudo-terminal,
    /// whose master reads the output.
    fn send_output(&self) {
        if let Line::Device(device) = &self.line {
            device.send_output(&self.discipline);
        }
    }

    pub(super) fn note_change(&self) {
        self.changed.wake_all();
        self.poll_queue.notify();
    }

    /// Returns the number of hang-ups.
    pub(super) fn hang_ups(&self) -> u32 {
        self.hang_ups.load(Ordering::Acquire)
    }

    /// Makes the open files unusable, and ends their reads and writes.
    pub(super) fn end_files(&self) {
        self.hang_ups.fetch_add(1, Ordering::AcqRel);
        self.note_change();
    }

    /// Returns whether the master of the pseudo-terminal is closed.
    fn has_lost_master(&self) -> bool {
        matches!(&self.line, Line::Master(master) if !master.is_open())
    }

    /// Reads into `to`, in the mode of the terminal. May wait, unless `is_nonblocking`. Ends when
    /// `is_hung_up` returns true.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`], [`FsError::Interrupted`], [`FsError::BadAddress`],
    /// [`FsError::NoMemory`]; [`FsError::Io`] if the master is closed.
    pub(super) fn read(
        &self,
        to: &mut dyn Sink,
        is_nonblocking: bool,
        is_hung_up: &dyn Fn() -> bool,
    ) -> Result<usize, FsError> {
        // A line is read as a whole.
        let len = to.room().min(INPUT_BYTES);
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len)?;
        bytes.resize(len, 0);
        let mut request = ReadRequest::new(&self.discipline.lock());
        let mut last_ns = clock::now_ns();
        loop {
            let copied_before = request.copied();
            let idle_ms = (clock::now_ns() - last_ns) / 1_000_000;
            let idle_ms = u32::try_from(idle_ms).unwrap_or(u32::MAX);
            let step = self.discipline.lock().read(&mut request, &mut bytes[..len], idle_ms);
            if request.copied() > copied_before {
                last_ns = clock::now_ns();
                // There is room again for the bytes that the master writes.
                self.note_change();
            }
            let at_most_ms = match step {
                ReadStep::Done => break,
                ReadStep::Wait { .. } if self.has_lost_master() => {
                    return self.finish_read(&bytes[..request.copied()], to, FsError::Io);
                }
                ReadStep::Wait { .. } if is_hung_up() => break,
                ReadStep::Wait { .. } if is_nonblocking && request.copied() > 0 => break,
                ReadStep::Wait { .. } if is_nonblocking => return Err(FsError::WouldBlock),
                ReadStep::Wait { at_most_ms } => at_most_ms,
            };
            let deadline_ns = at_most_ms.map(|ms| clock::now_ns() + u64::from(ms) * 1_000_000);
            let is_readable = || self.discipline.lock().is_readable() || is_hung_up();
            match self.changed.wait_until_cancellable(deadline_ns, is_readable) {
                Ok(()) | Err(WaitError::TimedOut) => {}
                Err(WaitError::Cancelled) if request.copied() > 0 => break,
                Err(WaitError::Cancelled) => return Err(FsError::Interrupted),
            }
        }
        match &bytes[..request.copied()] {
            [] => Ok(0),
            read => self.finish_read(read, to, FsError::BadAddress),
        }
    }

    /// Copies the bytes that were read; returns `error` if there are none.
    fn finish_read(
        &self,
        read: &[u8],
        to: &mut dyn Sink,
        error: FsError,
    ) -> Result<usize, FsError> {
        match to.put(Bytes::Slice(read)) {
            0 => Err(error),
            copied if copied == read.len() => Ok(copied),
            _ => Err(FsError::BadAddress),
        }
    }

    /// Writes `from`. May wait, unless `is_nonblocking`. Ends when `is_hung_up` returns true, and
    /// after a part if the thread is cancelled. The first part is written even then, if it need not
    /// wait: few programs expect that a short write is interrupted, and the C library's streams lose
    /// its bytes.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`], [`FsError::Interrupted`], [`FsError::BadAddress`]; [`FsError::Io`]
    /// if it was hung up.
    pub(super) fn write(
        &self,
        from: &mut dyn Source,
        is_nonblocking: bool,
        is_hung_up: &dyn Fn() -> bool,
    ) -> Result<usize, FsError> {
        let mut done = 0;
        let mut bytes = [0; CHUNK_BYTES];
        while from.left() > 0 {
            let len = from.left().min(CHUNK_BYTES);
            let filled = from.fill(BytesMut::Slice(&mut bytes[..len]));
            let mut rest = &bytes[..filled];
            while !rest.is_empty() {
                if is_hung_up() || self.has_lost_master() {
                    return done_or(done, FsError::Io);
                }
                // A slow line needs a long time for a large buffer.
                if done > 0 && task::is_cancelled() {
                    return Ok(done);
                }
                let taken = self.discipline.lock().write(rest);
                rest = &rest[taken..];
                done += taken;
                self.send_output();
                if taken > 0 {
                    self.note_change();
                    continue;
                }
                if is_nonblocking {
                    return done_or(done, FsError::WouldBlock);
                }
                let is_writable = || self.discipline.lock().is_writable() || is_hung_up();
                if self.changed.wait_until_cancellable(None, is_writable).is_err() {
                    return done_or(done, FsError::Interrupted);
                }
            }
            if filled < len {
                return done_or(done, FsError::BadAddress);
            }
        }
        Ok(done)
    }

    /// Returns the operations that are possible without waiting.
    pub fn readiness(&self) -> Readiness {
        let discipline = self.discipline.lock();
        let mut readiness = Readiness::empty();
        readiness.set(Readiness::IN, discipline.is_readable());
        readiness.set(Readiness::OUT, discipline.is_writable());
        readiness
    }

    /// Returns the queue that is notified when the readiness changes.
    pub fn poll_queue(&self) -> &PollQueue {
        &self.poll_queue
    }

    /// Returns the attributes.
    pub fn termios(&self) -> Termios {
        *self.discipline.lock().termios()
    }

    /// Sets the attributes. If `flushes_input`, discards the input that was not read yet.
    pub fn set_termios(&self, termios: Termios, flushes_input: bool) {
        {
            let mut discipline = self.discipline.lock();
            if flushes_input {
                discipline.flush(Queues::Input);
            }
            discipline.set_termios(termios);
        }
        self.send_output();
        self.note_change();
    }

    /// Stops or restarts output or input.
    pub fn control_flow(&self, action: FlowAction) {
        self.discipline.lock().control_flow(action);
        self.send_output();
        self.note_change();
    }

    /// Discards the contents of the queues.
    pub fn flush(&self, queues: Queues) {
        self.discipline.lock().flush(queues);
        self.note_change();
    }

    /// Returns the number of bytes that can be read.
    pub fn input_len(&self) -> usize {
        self.discipline.lock().input_len()
    }

    /// Returns the size of the window.
    pub fn window_size(&self) -> WindowSize {
        self.discipline.lock().window_size()
    }

    /// Sets the size of the window; returns whether it has changed.
    pub fn set_window_size(&self, size: WindowSize) -> bool {
        self.discipline.lock().set_window_size(size)
    }

    /// Returns the number of its device; for a pseudo-terminal, that of the slave.
    pub fn device_number(&self) -> DeviceNumber {
        match &self.line {
            Line::Device(_) => SERIAL_LINE,
            Line::Master(end) => DeviceNumber { major: SLAVE_MAJOR, minor: end.number() },
        }
    }

    /// Returns the process group in the foreground.
    pub fn foreground_group(&self) -> Option<u32> {
        Some(self.foreground_group.load(Ordering::Relaxed)).filter(|group| *group != 0)
    }

    /// Sets the process group in the foreground.
    pub fn set_foreground_group(&self, group: Option<u32>) {
        self.foreground_group.store(group.unwrap_or(0), Ordering::Relaxed);
    }

    /// Returns the session whose controlling terminal it is.
    pub fn session(&self) -> Option<u32> {
        Some(self.session.load(Ordering::Relaxed)).filter(|session| *session != 0)
    }

    /// Makes it the controlling terminal of `session`, unless it already belongs to a session;
    /// returns whether it did not.
    pub(super) fn claim(&self, session: u32) -> bool {
        let claimed =
            self.session.compare_exchange(0, session, Ordering::Relaxed, Ordering::Relaxed);
        claimed.is_ok()
    }

    /// Removes it from its session; returns that session, and the foreground group.
    pub(super) fn take_session(&self) -> (Option<u32>, Option<u32>) {
        let group = self.foreground_group.swap(0, Ordering::Relaxed);
        let session = self.session.swap(0, Ordering::Relaxed);
        (Some(session).filter(|it| *it != 0), Some(group).filter(|it| *it != 0))
    }
}
