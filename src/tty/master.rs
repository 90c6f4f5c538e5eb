//! The master of a pseudo-terminal.

use alloc::sync::Arc;

use line_discipline::Queues;

use super::control;
use super::devpts;
use super::line::Line;
use super::master_end::MasterEnd;
use super::terminal::Terminal;
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::readiness::{PollQueue, Readiness};
use crate::fs::io::{Bytes, BytesMut, Sink, Source, done_or};

/// The number of bytes that are copied at once.
const CHUNK_BYTES: usize = 256;

/// An open master. A terminal has only one: each open of /dev/ptmx makes a new terminal.
pub struct MasterFile(Arc<Terminal>);

impl MasterFile {
    /// Makes the master of a new terminal.
    pub(super) fn new(terminal: Arc<Terminal>) -> Self {
        Self(terminal)
    }

    /// Returns the terminal.
    pub fn terminal(&self) -> &Arc<Terminal> {
        &self.0
    }

    fn end(&self) -> Option<&MasterEnd> {
        match &self.0.line {
            Line::Master(end) => Some(end),
            Line::Device(_) => None,
        }
    }

    /// Returns the number of the slave, which is its name in /dev/pts.
    pub fn number(&self) -> u32 {
        self.end().map_or(u32::MAX, MasterEnd::number)
    }

    /// Returns whether opening the slave is forbidden.
    pub fn is_locked(&self) -> bool {
        self.end().is_some_and(MasterEnd::is_locked)
    }

    /// Sets whether opening the slave is forbidden.
    pub fn set_locked(&self, is_locked: bool) {
        if let Some(end) = self.end() {
            end.set_locked(is_locked);
        }
    }

    /// Returns whether reads report events of the terminal: TIOCPKT.
    pub fn is_in_packet_mode(&self) -> bool {
        self.0.discipline.lock().is_in_packet_mode()
    }

    /// Sets whether reads report events of the terminal.
    pub fn set_packet_mode(&self, is_on: bool) {
        self.0.discipline.lock().set_packet_mode(is_on);
    }

    /// Returns the number of bytes that can be read.
    pub fn readable_len(&self) -> usize {
        self.0.discipline.lock().output_ready()
    }

    /// Discards the bytes that the slave, or the master, has not read yet.
    pub fn flush(&self, queues: Queues) {
        // The master's input is the slave's output.
        self.0.flush(match queues {
            Queues::Input => Queues::Output,
            Queues::Output => Queues::Input,
            Queues::Both => Queues::Both,
        });
    }

    fn is_slave_closed(&self) -> bool {
        self.end().is_some_and(MasterEnd::is_slave_closed)
    }

    /// Takes the bytes that can be read at once, and returns their number. In packet mode these are
    /// one byte with the events, or a 0 and then bytes of the slave.
    fn take(&self, bytes: &mut [u8], is_first: bool) -> usize {
        let mut discipline = self.0.discipline.lock();
        if !discipline.is_in_packet_mode() {
            return discipline.take_output(bytes);
        }
        if discipline.has_packet_status() {
            return match discipline.take_packet_status() {
                Some(status) if is_first => {
                    bytes[0] = status.bits();
                    1
                }
                _ => 0,
            };
        }
        if !is_first {
            return discipline.take_output(bytes);
        }
        bytes[0] = 0;
        let is_ready = discipline.output_ready() > 0;
        let taken = discipline.take_output(&mut bytes[1..]);
        if is_ready { 1 + taken } else { 0 }
    }

    fn is_readable(&self) -> bool {
        let discipline = self.0.discipline.lock();
        discipline.output_ready() > 0 || discipline.has_packet_status()
    }
}

impl FileOps for MasterFile {
    fn read(&self, flags: OpenFlags, _offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        let mut bytes = [0; CHUNK_BYTES];
        let mut done = 0;
        while to.room() > 0 {
            // An event is returned by a separate read.
            if done > 0 && self.0.discipline.lock().has_packet_status() {
                break;
            }
            let len = to.room().min(CHUNK_BYTES);
            let taken = self.take(&mut bytes[..len], done == 0);
            if taken > 0 {
                self.0.note_change();
                let copied = to.put(Bytes::Slice(&bytes[..taken]));
                done += copied;
                if copied < taken {
                    return done_or(done, FsError::BadAddress);
                }
                continue;
            }
            if done > 0 {
                break;
            }
            if self.is_slave_closed() && !self.is_readable() {
                return Err(FsError::Io);
            }
            if flags.contains(OpenFlags::NONBLOCK) {
                return Err(FsError::WouldBlock);
            }
            let has_changed = || self.is_readable() || self.is_slave_closed();
            self.0.changed.wait_until_cancellable(None, has_changed)?;
        }
        Ok(done)
    }

    fn write(
        &self,
        flags: OpenFlags,
        _offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        let mut bytes = [0; CHUNK_BYTES];
        let mut done = 0;
        while from.left() > 0 {
            let len = from.left().min(CHUNK_BYTES);
            let filled = from.fill(BytesMut::Slice(&mut bytes[..len]));
            let mut rest = &bytes[..filled];
            while !rest.is_empty() {
                let taken = self.0.receive_some(rest);
                rest = &rest[taken..];
                done += taken;
                if taken > 0 {
                    continue;
                }
                if flags.contains(OpenFlags::NONBLOCK) {
                    return done_or(done, FsError::WouldBlock);
                }
                let has_room = || self.0.discipline.lock().receive_room() > 0;
                if self.0.changed.wait_until_cancellable(None, has_room).is_err() {
                    return done_or(done, FsError::Interrupted);
                }
            }
            if filled < len {
                return done_or(done, FsError::BadAddress);
            }
        }
        Ok(done)
    }

    fn readiness(&self) -> Readiness {
        let mut readiness = Readiness::empty();
        let discipline = self.0.discipline.lock();
        let has_status = discipline.has_packet_status();
        readiness.set(Readiness::IN, discipline.output_ready() > 0 || has_status);
        readiness.set(Readiness::PRIORITY, has_status);
        readiness.set(Readiness::OUT, discipline.receive_room() > 0);
        readiness.set(Readiness::HANG_UP, self.is_slave_closed());
        readiness
    }

    fn poll_queue(&self) -> Option<&PollQueue> {
        Some(self.0.poll_queue())
    }
}

impl Drop for MasterFile {
    fn drop(&mut self) {
        if let Some(end) = self.end() {
            end.close();
            devpts::remove_node(end.number());
        }
        control::hang_up(&self.0);
    }
}
