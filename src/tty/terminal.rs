//! A terminal.

use core::sync::atomic::{AtomicU32, Ordering};

use blocking::WaitError;
use line_discipline::{
    CreateError, Device, LineDiscipline, Queues, ReadRequest, ReadStep, TerminalSignals, Termios,
    WindowSize,
};
use spin::Once;

use crate::arch::time::clock;
use crate::fs::error::FsError;
use crate::fs::file::readiness::{PollQueue, Readiness};
use crate::fs::io::{Bytes, BytesMut, Sink, Source, done_or};
use crate::sync::{Rank, SpinMutex, WaitQueue};

/// Sends signals to a process group.
pub type SignalHook = fn(group: u32, signals: TerminalSignals);

static SIGNAL_HOOK: Once<SignalHook> = Once::new();

/// Registers what sends the signals of terminals.
pub fn set_signal_hook(hook: SignalHook) {
    SIGNAL_HOOK.call_once(|| hook);
}

/// How many bytes are copied at once.
const CHUNK_BYTES: usize = 256;

/// A terminal.
pub struct Terminal {
    /// Protects the line discipline; held while bytes are processed, not while they are copied from
    /// or to a program.
    discipline: SpinMutex<LineDiscipline>,
    /// Woken when something can be read, or written.
    changed: WaitQueue,
    poll_queue: PollQueue,
    /// The process group in the foreground; 0 if there is none.
    foreground_group: AtomicU32,
    /// The session whose controlling terminal it is; 0 if there is none.
    session: AtomicU32,
    /// Sends bytes on the device.
    send: fn(&[u8]),
}

impl Terminal {
    /// Makes a terminal whose device sends by `send`.
    ///
    /// # Errors
    /// [`CreateError`].
    pub fn try_new(device: Device, send: fn(&[u8])) -> Result<Self, CreateError> {
        Ok(Self {
            discipline: SpinMutex::new(Rank::Files, LineDiscipline::try_new(device)?),
            changed: WaitQueue::new(),
            poll_queue: PollQueue::new(),
            foreground_group: AtomicU32::new(0),
            session: AtomicU32::new(0),
            send,
        })
    }

    /// Processes bytes that the device has received. May wait.
    pub fn receive(&self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let received = self.discipline.lock().receive(rest);
            rest = &rest[received.taken..];
            self.send_output();
            self.note_change();
            let group = self.foreground_group();
            if !received.signals.is_empty()
                && let (Some(hook), Some(group)) = (SIGNAL_HOOK.get(), group)
            {
                hook(group, received.signals);
            }
            if received.taken == 0 {
                // The queue is full, and nothing reads it: what comes then is lost.
                return;
            }
        }
    }

    /// Sends what the line discipline has to send.
    fn send_output(&self) {
        let mut bytes = [0; CHUNK_BYTES];
        loop {
            let len = self.discipline.lock().take_output(&mut bytes);
            if len == 0 {
                return;
            }
            (self.send)(&bytes[..len]);
        }
    }

    fn note_change(&self) {
        self.changed.wake_all();
        self.poll_queue.notify();
    }

    /// Reads into `to`, as the mode of the terminal has it. May wait, unless `is_nonblocking`.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`], [`FsError::Interrupted`], [`FsError::BadAddress`].
    pub fn read(&self, to: &mut dyn Sink, is_nonblocking: bool) -> Result<usize, FsError> {
        let mut bytes = [0; CHUNK_BYTES];
        let len = to.room().min(CHUNK_BYTES);
        let mut request = ReadRequest::new(&self.discipline.lock());
        let mut last_ns = clock::now_ns();
        loop {
            let copied_before = request.copied();
            let idle_ms = (clock::now_ns() - last_ns) / 1_000_000;
            let idle_ms = u32::try_from(idle_ms).unwrap_or(u32::MAX);
            let step = self.discipline.lock().read(&mut request, &mut bytes[..len], idle_ms);
            if request.copied() > copied_before {
                last_ns = clock::now_ns();
            }
            let at_most_ms = match step {
                ReadStep::Done => break,
                ReadStep::Wait { .. } if is_nonblocking && request.copied() > 0 => break,
                ReadStep::Wait { .. } if is_nonblocking => return Err(FsError::WouldBlock),
                ReadStep::Wait { at_most_ms } => at_most_ms,
            };
            let deadline_ns = at_most_ms.map(|ms| clock::now_ns() + u64::from(ms) * 1_000_000);
            let is_readable = || self.discipline.lock().is_readable();
            match self.changed.wait_until_cancellable(deadline_ns, is_readable) {
                Ok(()) | Err(WaitError::TimedOut) => {}
                Err(WaitError::Cancelled) if request.copied() > 0 => break,
                Err(WaitError::Cancelled) => return Err(FsError::Interrupted),
            }
        }
        let read = &bytes[..request.copied()];
        match to.put(Bytes::Slice(read)) {
            copied if copied == read.len() => Ok(copied),
            _ => Err(FsError::BadAddress),
        }
    }

    /// Writes `from`. May wait, unless `is_nonblocking`.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`], [`FsError::Interrupted`], [`FsError::BadAddress`].
    pub fn write(&self, from: &mut dyn Source, is_nonblocking: bool) -> Result<usize, FsError> {
        let mut done = 0;
        let mut bytes = [0; CHUNK_BYTES];
        while from.left() > 0 {
            let len = from.left().min(CHUNK_BYTES);
            let filled = from.fill(BytesMut::Slice(&mut bytes[..len]));
            let mut rest = &bytes[..filled];
            while !rest.is_empty() {
                let taken = self.discipline.lock().write(rest);
                rest = &rest[taken..];
                done += taken;
                self.send_output();
                if taken > 0 {
                    continue;
                }
                if is_nonblocking {
                    return done_or(done, FsError::WouldBlock);
                }
                let is_writable = || self.discipline.lock().is_writable();
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

    /// Returns what can be done without waiting.
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

    /// Sets the attributes; `flushes_input` discards what was typed before.
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

    /// Discards what is in the queues.
    pub fn flush(&self, queues: Queues) {
        self.discipline.lock().flush(queues);
        self.note_change();
    }

    /// Returns how many bytes can be read.
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

    /// Returns the process group in the foreground.
    pub fn foreground_group(&self) -> Option<u32> {
        Some(self.foreground_group.load(Ordering::Relaxed)).filter(|group| *group != 0)
    }

    /// Sets the process group in the foreground.
    pub fn set_foreground_group(&self, group: u32) {
        self.foreground_group.store(group, Ordering::Relaxed);
    }

    /// Returns the session whose controlling terminal it is.
    pub fn session(&self) -> Option<u32> {
        Some(self.session.load(Ordering::Relaxed)).filter(|session| *session != 0)
    }

    /// Makes it the controlling terminal of a session, or of none.
    pub fn set_session(&self, session: Option<u32>) {
        self.session.store(session.unwrap_or(0), Ordering::Relaxed);
    }
}
