//! An open terminal.

use alloc::sync::Arc;

use line_discipline::LocalFlags;
use signals::Signal;

use super::control;
use super::line::Line;
use super::terminal::Terminal;
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::readiness::{PollQueue, Readiness};
use crate::fs::io::{Sink, Source};

/// The way in which a terminal was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpenedAs {
    /// By its own name, or as /dev/tty.
    Terminal,
    /// As /dev/console, which has no job control and is never hung up, as on Linux.
    Console,
}

/// An open terminal; of a pseudo-terminal, its slave.
pub struct TerminalFile {
    terminal: Arc<Terminal>,
    opened_as: OpenedAs,
    /// The number of hang-ups of the terminal when this file was opened.
    hang_ups: u32,
}

impl TerminalFile {
    /// Opens a terminal, which may become the controlling terminal of the caller.
    ///
    /// # Errors
    /// [`FsError::Io`] if it is a pseudo-terminal whose slave can't be opened,
    /// [`FsError::NoMemory`].
    pub(super) fn open(
        terminal: Arc<Terminal>,
        opened_as: OpenedAs,
        flags: OpenFlags,
    ) -> Result<Arc<dyn FileOps>, FsError> {
        let hang_ups = terminal.hang_ups();
        if let Line::Master(master) = &terminal.line {
            master.add_slave()?;
        }
        let file = Self { terminal, opened_as, hang_ups };
        if opened_as == OpenedAs::Terminal
            && !flags.contains(OpenFlags::NO_CONTROLLING_TERMINAL)
            && flags.can_read()
        {
            control::offer(&file.terminal);
        }
        Ok(Arc::try_new(file)?)
    }

    /// Returns the terminal.
    pub fn terminal(&self) -> &Arc<Terminal> {
        &self.terminal
    }

    /// Returns whether the terminal was hung up since it was opened.
    pub fn is_hung_up(&self) -> bool {
        self.opened_as == OpenedAs::Terminal && self.terminal.hang_ups() != self.hang_ups
    }

    /// Checks that the caller isn't in the background; `signal` stops its group otherwise.
    fn check_foreground(&self, signal: Signal) -> Result<(), FsError> {
        match self.opened_as {
            OpenedAs::Console => Ok(()),
            OpenedAs::Terminal => control::check_foreground(&self.terminal, signal),
        }
    }
}

impl FileOps for TerminalFile {
    fn read(&self, flags: OpenFlags, _offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        if self.is_hung_up() {
            return Ok(0);
        }
        self.check_foreground(Signal::TTIN)?;
        let is_nonblocking = flags.contains(OpenFlags::NONBLOCK);
        self.terminal.read(to, is_nonblocking, &|| self.is_hung_up())
    }

    fn write(
        &self,
        flags: OpenFlags,
        _offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        if self.is_hung_up() {
            return Err(FsError::Io);
        }
        if self.terminal.termios().local.contains(LocalFlags::TOSTOP) {
            self.check_foreground(Signal::TTOU)?;
        }
        let is_nonblocking = flags.contains(OpenFlags::NONBLOCK);
        self.terminal.write(from, is_nonblocking, &|| self.is_hung_up())
    }

    fn readiness(&self) -> Readiness {
        match self.is_hung_up() {
            true => Readiness::IN | Readiness::OUT | Readiness::ERROR | Readiness::HANG_UP,
            false => self.terminal.readiness(),
        }
    }

    fn poll_queue(&self) -> Option<&PollQueue> {
        Some(self.terminal.poll_queue())
    }
}

impl Drop for TerminalFile {
    fn drop(&mut self) {
        if let Line::Master(master) = &self.terminal.line {
            master.remove_slave();
            self.terminal.note_change();
        }
    }
}
