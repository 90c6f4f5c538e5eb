//! Files from which signals are read: signalfd(2).

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use signals::{SIGNALFD_BYTES, SigInfo, SignalSet, wait_for};

use super::current::current;
use super::signal_sending::SENT;
use super::table::Member;
use crate::fs::error::FsError;
use crate::fs::file::anonymous;
use crate::fs::file::file_ops::{self, FileOps};
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::readiness::{PollQueue, Readiness};
use crate::fs::io::{Bytes, Sink, done_or};

/// A file from which signals are read. As on Linux, these are the signals of the reading thread and
/// of its process.
pub struct SignalFile {
    /// The signals that can be read, one bit each.
    signals: AtomicU64,
}

/// Makes an open file from which `signals` are read. Of `flags`, only [`OpenFlags::NONBLOCK`] is
/// used.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn open(signals: SignalSet, flags: OpenFlags) -> Result<Arc<OpenFile>, FsError> {
    let flags = flags & OpenFlags::NONBLOCK | OpenFlags::READ_WRITE;
    let file = SignalFile { signals: AtomicU64::new(0) };
    file.set(signals);
    anonymous::open("signalfd", flags, Arc::try_new(file)?)
}

/// Returns the signal file of an open file, if it is one.
pub fn of(file: &OpenFile) -> Option<&SignalFile> {
    file.special().and_then(|ops| file_ops::downcast(&**ops))
}

impl SignalFile {
    /// Sets the signals that can be read.
    pub fn set(&self, signals: SignalSet) {
        let signals = signals.without(SignalSet::UNSTOPPABLE);
        self.signals.store(signals.bits(), Ordering::Relaxed);
        SENT.notify();
    }

    fn signals(&self) -> SignalSet {
        SignalSet::from_bits(self.signals.load(Ordering::Relaxed))
    }

    /// Takes a signal, if one is pending.
    fn take(&self, reader: &Member) -> Option<SigInfo> {
        let taken = reader.process.with_signals_of(&reader.thread, |state, own| {
            wait_for(own, &mut state.shared, self.signals())
        });
        taken.map(|taken| taken.info)
    }

    /// Waits for a signal and takes it.
    fn wait(&self, reader: &Member) -> Result<SigInfo, FsError> {
        let mut taken = None;
        reader.thread.with_signals(|own| own.set_awaited(self.signals()));
        let waited = reader.process.wait_cancellable(None, || {
            taken = self.take(reader);
            taken.is_some()
        });
        reader.thread.with_signals(|own| own.set_awaited(SignalSet::EMPTY));
        match (taken, waited) {
            (Some(info), _) => Ok(info),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(())) => Err(FsError::WouldBlock),
        }
    }
}

impl FileOps for SignalFile {
    /// Reads the pending signals, as many as there is room for; waits for the first one.
    fn read(&self, flags: OpenFlags, _offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        if to.room() < SIGNALFD_BYTES {
            return Err(FsError::InvalidArgument);
        }
        let reader = current().ok_or(FsError::InvalidArgument)?;
        let mut done = 0;
        while to.room() >= SIGNALFD_BYTES {
            let info = match self.take(&reader) {
                Some(info) => info,
                None if done > 0 => break,
                None if flags.contains(OpenFlags::NONBLOCK) => return Err(FsError::WouldBlock),
                None => self.wait(&reader)?,
            };
            if to.put(Bytes::Slice(&info.to_signalfd_bytes())) < SIGNALFD_BYTES {
                return done_or(done, FsError::BadAddress);
            }
            done += SIGNALFD_BYTES;
        }
        Ok(done)
    }

    fn readiness(&self) -> Readiness {
        let is_pending = current().is_some_and(|reader| {
            reader.process.with_signals_of(&reader.thread, |state, own| {
                !((own.pending.set() | state.shared.set()) & self.signals()).is_empty()
            })
        });
        if is_pending { Readiness::IN } else { Readiness::empty() }
    }

    fn poll_queue(&self) -> Option<&PollQueue> {
        Some(&SENT)
    }
}
