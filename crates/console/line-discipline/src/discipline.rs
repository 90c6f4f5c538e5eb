//! The line discipline's state, and all changes that don't come from input bytes.

use crate::buffer::CreateError;
use crate::byte_set::ByteSet;
use crate::control_character::{ControlCharacter, DISABLED};
use crate::flags::{ControlFlags, InputFlags, LocalFlags};
use crate::input_queue::InputQueue;
use crate::output_queue::{OutputQueue, Processing};
use crate::packet::PacketStatus;
use crate::termios::Termios;
use crate::window_size::WindowSize;

/// The kind of a terminal's device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// A serial line: stopped output stops at once.
    Serial,
    /// A screen with a keyboard; as a serial line, but without a speed.
    Screen,
    /// A pseudo-terminal: when the output stops, the master can read the bytes that were written
    /// before, and programs can't write.
    Pseudo,
}

/// Which queues are flushed (TCFLSH).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queues {
    /// The bytes that were received and not yet read.
    Input,
    /// The bytes that were written and not yet sent.
    Output,
    /// Both.
    Both,
}

/// A terminal's line discipline.
#[derive(Debug)]
pub struct LineDiscipline {
    pub(crate) device: Device,
    pub(crate) termios: Termios,
    pub(crate) window_size: WindowSize,
    pub(crate) input: InputQueue,
    pub(crate) output: OutputQueue,
    /// The bytes that are not simply queued and echoed.
    pub(crate) special: ByteSet,
    /// Input is queued unchanged.
    pub(crate) raw: bool,
    /// The next byte is taken literally, because LNEXT was received.
    pub(crate) literal_next: bool,
    /// Erased characters are being shown after a `\`.
    pub(crate) erasing: bool,
    /// The output is stopped, by STOP or by a program.
    pub(crate) stopped: bool,
    /// A program stopped the output, and only a program restarts it.
    pub(crate) stopped_by_program: bool,
    /// The input queue is nearly full, and the other side has to stop.
    pub(crate) throttled: bool,
    /// A STOP or START that is sent before all other output, even while the output is
    /// stopped.
    pub(crate) urgent: Option<u8>,
    /// The events for the master, in packet mode.
    pub(crate) packet: Option<PacketStatus>,
}

impl LineDiscipline {
    /// Makes the line discipline of a terminal, with the attributes that such a terminal
    /// has on Linux. Only this function allocates.
    ///
    /// # Errors
    ///
    /// [`CreateError::OutOfMemory`] if there is no memory for the queues.
    pub fn try_new(device: Device) -> Result<Self, CreateError> {
        let mut termios = Termios::new();
        match device {
            Device::Serial => {
                termios.control.remove(ControlFlags::CBAUD);
                termios.control |= ControlFlags::B9600 | ControlFlags::CLOCAL;
                termios.input_speed = 9600;
                termios.output_speed = 9600;
            }
            Device::Screen => termios.input |= InputFlags::IUTF8,
            Device::Pseudo => termios.control.remove(ControlFlags::HUPCL),
        }
        let mut discipline = Self {
            device,
            termios,
            window_size: WindowSize::default(),
            input: InputQueue::try_new()?,
            output: OutputQueue::try_new()?,
            special: ByteSet::default(),
            raw: false,
            literal_next: false,
            erasing: false,
            stopped: false,
            stopped_by_program: false,
            throttled: false,
            urgent: None,
            packet: None,
        };
        discipline.prepare();
        Ok(discipline)
    }

    /// Returns the attributes.
    pub fn termios(&self) -> &Termios {
        &self.termios
    }

    /// Sets the attributes (TCSETS; for TCSETSW and TCSETSF the caller waits or flushes
    /// before the call). Waiting readers and writers have to check their conditions again.
    ///
    /// A change between canonical and raw mode keeps the queued bytes: in raw mode they can
    /// be read at once, in canonical mode they form a line.
    pub fn set_termios(&mut self, termios: Termios) {
        let old = core::mem::replace(&mut self.termios, termios);
        if self.device == Device::Pseudo {
            self.termios.control.remove(ControlFlags::CSIZE | ControlFlags::PARENB);
            self.termios.control |= ControlFlags::CS8 | ControlFlags::CREAD;
            self.note_termios_change(&old);
        }
        let changed = old.local ^ self.termios.local;
        if changed.intersects(LocalFlags::ICANON | LocalFlags::EXTPROC) {
            self.input.forget_lines(self.has_local(LocalFlags::ICANON));
            self.erasing = false;
            self.literal_next = false;
        }
        self.prepare();
        // Without IXON, no byte could restart the output.
        if old.input.contains(InputFlags::IXON) && !self.has_input(InputFlags::IXON) {
            self.restart();
        }
    }

    /// Returns the window's size.
    pub fn window_size(&self) -> WindowSize {
        self.window_size
    }

    /// Sets the window's size. Returns whether it changed; if so, the caller sends SIGWINCH
    /// to the foreground process group.
    pub fn set_window_size(&mut self, size: WindowSize) -> bool {
        core::mem::replace(&mut self.window_size, size) != size
    }

    /// Discards the queued bytes (TCFLSH). Stopped output stays stopped. As on Linux, echo
    /// that is delayed by the stopped output of a pseudo-terminal is kept.
    pub fn flush(&mut self, queues: Queues) {
        if queues != Queues::Output {
            self.input.clear();
            self.erasing = false;
            self.note(PacketStatus::FLUSHREAD);
            self.unthrottle();
        }
        if queues != Queues::Input {
            match self.device {
                Device::Pseudo => self.output.clear_ready(),
                Device::Serial | Device::Screen => self.output.clear(),
            }
            self.note(PacketStatus::FLUSHWRITE);
        }
    }

    /// Returns how many bytes a program can read (FIONREAD): in canonical mode only
    /// complete lines count.
    pub fn input_len(&self) -> usize {
        if self.has_local(LocalFlags::ICANON) && !self.has_local(LocalFlags::EXTPROC) {
            self.input.line_bytes()
        } else {
            self.input.len()
        }
    }

    /// Returns how many bytes wait for the device (TIOCOUTQ). The output is drained when
    /// there are none and the device has sent the bytes that it has taken.
    pub fn output_len(&self) -> usize {
        self.output.len() + usize::from(self.urgent.is_some())
    }

    /// Puts a program's bytes into the output queue, processed according to OPOST. Returns
    /// how many were taken: fewer than all if the queue is full, or the output of a
    /// pseudo-terminal is stopped. The writer then waits until [`Self::is_writable`].
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        if self.stopped && self.device == Device::Pseudo {
            return 0;
        }
        let processing = self.processing();
        for (taken, byte) in bytes.iter().enumerate() {
            let room = self.output.program_room();
            let done = match processing {
                Some(how) => self.output.process(*byte, how, room),
                None => room != 0 && self.output.push(*byte),
            };
            if !done {
                return taken;
            }
        }
        bytes.len()
    }

    /// Returns whether a write takes bytes at once (POLLOUT).
    pub fn is_writable(&self) -> bool {
        // A byte becomes at most 8 bytes: a tab as spaces.
        !(self.stopped && self.device == Device::Pseudo) && self.output.program_room() >= 8
    }

    /// Takes bytes for the device to send. Returns how many; 0 while the output is stopped.
    pub fn take_output(&mut self, destination: &mut [u8]) -> usize {
        let Some((first, rest)) = destination.split_first_mut() else { return 0 };
        match self.urgent.take() {
            Some(urgent) => {
                *first = urgent;
                1 + self.output.take(rest)
            }
            None => self.output.take(destination),
        }
    }

    /// Returns how many bytes [`Self::take_output`] can take now. For a pseudo-terminal:
    /// the bytes that the master can read.
    pub fn output_ready(&self) -> usize {
        self.output.ready() + usize::from(self.urgent.is_some())
    }

    pub(crate) fn has_input(&self, flags: InputFlags) -> bool {
        self.termios.input.contains(flags)
    }

    pub(crate) fn has_local(&self, flags: LocalFlags) -> bool {
        self.termios.local.contains(flags)
    }

    /// Returns how output is processed; `None` if it isn't.
    pub(crate) fn processing(&self) -> Option<Processing> {
        let flags = self.termios.output;
        flags
            .contains(crate::flags::OutputFlags::OPOST)
            .then(|| Processing { flags, utf8: self.has_input(InputFlags::IUTF8) })
    }

    /// Determines which bytes are special with the present attributes.
    fn prepare(&mut self) {
        let Termios { input, local, .. } = self.termios;
        self.raw = !input.intersects(
            InputFlags::ISTRIP
                | InputFlags::IUCLC
                | InputFlags::IGNCR
                | InputFlags::ICRNL
                | InputFlags::INLCR
                | InputFlags::IXON
                | InputFlags::PARMRK,
        ) && !local.intersects(LocalFlags::ICANON | LocalFlags::ISIG | LocalFlags::ECHO);

        use ControlCharacter::{
            EndOfFile, EndOfLine, EndOfLine2, Erase, Interrupt, Kill, LiteralNext, Quit, Reprint,
            Start, Stop, Suspend, WordErase,
        };
        let mut special = ByteSet::default();
        let mut insert = |condition: bool, which: &[ControlCharacter]| {
            for which in which.iter().filter(|_| condition) {
                special.insert(self.termios.character(*which));
            }
        };
        let canonical = local.contains(LocalFlags::ICANON);
        let extended = canonical && local.contains(LocalFlags::IEXTEN);
        insert(canonical, &[Erase, Kill, EndOfFile, EndOfLine]);
        insert(extended, &[WordErase, LiteralNext, EndOfLine2]);
        insert(extended && local.contains(LocalFlags::ECHO), &[Reprint]);
        insert(input.contains(InputFlags::IXON), &[Start, Stop]);
        insert(local.contains(LocalFlags::ISIG), &[Interrupt, Quit, Suspend]);
        if canonical || input.contains(InputFlags::INLCR) {
            special.insert(b'\n');
        }
        if input.intersects(InputFlags::IGNCR | InputFlags::ICRNL) {
            special.insert(b'\r');
        }
        special.remove(DISABLED);
        self.special = special;
    }

    /// Records an event that is reported to the master in packet mode.
    pub(crate) fn note(&mut self, status: PacketStatus) {
        if let Some(noted) = &mut self.packet {
            *noted |= status;
        }
    }
}
