//! Reads of a program: their results and waits.

use crate::control_character::ControlCharacter;
use crate::discipline::LineDiscipline;
use crate::flags::LocalFlags;

/// VTIME counts in tenths of a second.
const TIME_UNIT_MS: u32 = 100;

/// A read that may wait: the bytes that it has copied, and the values of VMIN and VTIME when it
/// began.
#[derive(Clone, Copy, Debug)]
pub struct ReadRequest {
    copied: usize,
    minimum: usize,
    time_ms: u32,
    /// Raw mode with a VMIN of 0: VTIME is measured from the start of the read.
    timed_from_start: bool,
}

/// The next step of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadStep {
    /// The read returns [`ReadRequest::copied`] bytes, which may be 0.
    Done,
    /// The read waits for input, and then continues. If it may not wait, or a signal arrives, it
    /// returns the bytes that it has copied, or an error if there are none.
    Wait {
        /// The longest wait in milliseconds; `None` for no limit.
        at_most_ms: Option<u32>,
    },
}

impl ReadRequest {
    /// Begins a read.
    pub fn new(terminal: &LineDiscipline) -> Self {
        let termios = terminal.termios();
        let minimum = usize::from(termios.character(ControlCharacter::Minimum));
        let time_ms = u32::from(termios.character(ControlCharacter::Time)) * TIME_UNIT_MS;
        if termios.local.contains(LocalFlags::ICANON) {
            Self { copied: 0, minimum: 0, time_ms: 0, timed_from_start: false }
        } else {
            Self { copied: 0, minimum: minimum.max(1), time_ms, timed_from_start: minimum == 0 }
        }
    }

    /// Returns how many bytes were copied.
    pub fn copied(&self) -> usize {
        self.copied
    }

    /// Returns how long the read may still wait.
    fn wait(&self, idle_ms: u32) -> ReadStep {
        let runs = self.timed_from_start || (self.time_ms != 0 && self.copied != 0);
        if !runs {
            return ReadStep::Wait { at_most_ms: None };
        }
        match self.time_ms.checked_sub(idle_ms) {
            None | Some(0) => ReadStep::Done,
            at_most_ms => ReadStep::Wait { at_most_ms },
        }
    }
}

impl LineDiscipline {
    /// Copies input into `destination`, which has to be the same at each step of a read,
    /// after the bytes that `request` has copied. `idle_ms` is the time since the read
    /// began, or since its last step that copied bytes.
    ///
    /// In canonical mode a read is done after a line, an EOF, or the part of a line that
    /// fills `destination`; in raw mode according to VMIN and VTIME.
    pub fn read(
        &mut self,
        request: &mut ReadRequest,
        destination: &mut [u8],
        idle_ms: u32,
    ) -> ReadStep {
        let rest = destination.get_mut(request.copied..).unwrap_or_default();
        if rest.is_empty() {
            return ReadStep::Done;
        }
        let whole = rest.len();
        let copied;
        if self.reads_lines() {
            if !self.input.has_line() {
                return request.wait(idle_ms);
            }
            copied = self.input.take_line(rest);
        } else {
            copied = self.input.take(rest);
            if copied == 0 {
                return request.wait(idle_ms);
            }
            // With EXTPROC nothing was edited, but an EOF alone ends the input.
            if copied == 1
                && self.has_local(LocalFlags::ICANON)
                && rest[0] == self.termios.character(ControlCharacter::EndOfFile)
                && self.input.len() == 0
            {
                self.unthrottle();
                return ReadStep::Done;
            }
        }
        self.unthrottle();
        request.copied += copied;
        if request.copied >= request.minimum || copied == whole {
            return ReadStep::Done;
        }
        request.wait(0)
    }

    /// Returns whether a read returns at once, with bytes or at the end of the file
    /// (POLLIN).
    pub fn is_readable(&self) -> bool {
        if self.reads_lines() {
            return self.input.has_line();
        }
        let minimum = usize::from(self.termios.character(ControlCharacter::Minimum));
        let time = self.termios.character(ControlCharacter::Time);
        self.input.len() >= if time == 0 { minimum.max(1) } else { 1 }
    }

    fn reads_lines(&self) -> bool {
        self.has_local(LocalFlags::ICANON) && !self.has_local(LocalFlags::EXTPROC)
    }
}
