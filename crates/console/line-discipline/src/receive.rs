//! Processes the bytes of the device: input queue, echo, signals.

use bitflags::bitflags;

use crate::character::to_lower;
use crate::control_character::{ControlCharacter, DISABLED};
use crate::discipline::{LineDiscipline, Queues};
use crate::erase::Erase;
use crate::flags::{InputFlags, LocalFlags};
use crate::input_queue::INPUT_BYTES;

bitflags! {
    /// Signals for the terminal's foreground process group.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct TerminalSignals: u8 {
        /// SIGINT.
        const INTERRUPT = 1;
        /// SIGQUIT.
        const QUIT = 2;
        /// SIGTSTP.
        const SUSPEND = 4;
    }
}

/// The result of receiving bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The number of processed bytes. The caller keeps the others until a program reads or
    /// flushes, and stops the device if possible.
    pub taken: usize,
    /// The signals that the caller sends now.
    pub signals: TerminalSignals,
}

impl LineDiscipline {
    /// Processes bytes of the device: queues, edits, echoes. The caller then wakes readers
    /// that wait for input, and the device if it waits for output.
    ///
    /// Without room, no bytes are processed, not even those for signals and flow control.
    /// In canonical mode without a complete line, however, a byte replaces the last one, so
    /// that the line can be edited and ended.
    pub fn receive(&mut self, bytes: &[u8]) -> Received {
        let mut received = Received::default();
        for byte in bytes {
            if !self.make_room() {
                break;
            }
            received.signals |= self.receive_byte(*byte);
            received.taken += 1;
        }
        self.throttle();
        received
    }

    /// Returns the number of bytes that [`Self::receive`] is sure to take.
    pub fn receive_room(&self) -> usize {
        self.room().max(usize::from(self.has_unlimited_line()))
    }

    /// Processes a break. Returns the signals that the caller sends now.
    pub fn receive_break(&mut self) -> TerminalSignals {
        if self.has_input(InputFlags::IGNBRK) {
            return TerminalSignals::empty();
        }
        if self.has_input(InputFlags::BRKINT) {
            return self.signal(TerminalSignals::INTERRUPT);
        }
        if self.make_room() {
            if self.has_input(InputFlags::PARMRK) {
                self.input.push(0xff);
                self.input.push(0);
            }
            self.input.push(0);
        }
        TerminalSignals::empty()
    }

    /// Processes a byte that arrived with a parity or framing error.
    pub fn receive_bad_byte(&mut self, byte: u8) {
        let checked = self.has_input(InputFlags::INPCK);
        if checked && self.has_input(InputFlags::IGNPAR) || self.room() == 0 {
            return;
        }
        if checked && self.has_input(InputFlags::PARMRK) {
            self.input.push(0xff);
            self.input.push(0);
            self.input.push(byte);
        } else {
            self.input.push(if checked { 0 } else { byte });
        }
    }

    /// Returns how many bytes fit, with one place reserved for a newline.
    pub(crate) fn room(&self) -> usize {
        let free = INPUT_BYTES - self.input.len();
        // With PARMRK a byte becomes up to three.
        let free = if self.has_input(InputFlags::PARMRK) { free.div_ceil(3) } else { free };
        free.saturating_sub(1)
    }

    /// Returns whether nothing can be read before the line is ended.
    pub(crate) fn has_unlimited_line(&self) -> bool {
        self.has_local(LocalFlags::ICANON) && !self.input.has_line()
    }

    /// Makes room for a byte if that is possible, and returns whether it was.
    fn make_room(&mut self) -> bool {
        if self.room() != 0 {
            return true;
        }
        if !self.has_unlimited_line() {
            return false;
        }
        if self.input.len() == INPUT_BYTES {
            self.input.shorten(self.input.edited_len() - 1);
        }
        true
    }

    fn receive_byte(&mut self, byte: u8) -> TerminalSignals {
        let converts = self.has_input(InputFlags::ISTRIP)
            || (self.has_input(InputFlags::IUCLC) && self.has_local(LocalFlags::IEXTEN));
        if self.raw || (self.has_local(LocalFlags::EXTPROC) && !converts) {
            self.input.push(byte);
            return TerminalSignals::empty();
        }
        let mut byte = byte;
        if self.has_input(InputFlags::ISTRIP) {
            byte &= 0x7f;
        }
        if self.has_input(InputFlags::IUCLC) && self.has_local(LocalFlags::IEXTEN) {
            byte = to_lower(byte);
        }
        if core::mem::take(&mut self.literal_next) {
            self.receive_ordinary(byte);
        } else if self.has_local(LocalFlags::EXTPROC) {
            self.input.push(byte);
        } else if self.special.contains(byte) {
            return self.receive_special(byte);
        } else {
            self.receive_ordinary(byte);
        }
        TerminalSignals::empty()
    }

    /// Queues and echoes a byte without a special meaning.
    fn receive_ordinary(&mut self, byte: u8) {
        self.restart_by_any();
        if self.has_local(LocalFlags::ECHO) {
            self.finish_erasing();
            self.echo_input(byte);
        }
        self.queue(byte);
    }

    /// Queues a byte, twice if PARMRK requires that.
    fn queue(&mut self, byte: u8) {
        if byte == 0xff && self.has_input(InputFlags::PARMRK) {
            self.input.push(byte);
        }
        self.input.push(byte);
    }

    fn receive_special(&mut self, byte: u8) -> TerminalSignals {
        let none = TerminalSignals::empty();
        if self.has_input(InputFlags::IXON) {
            if self.is(byte, ControlCharacter::Start) {
                self.restart();
                return none;
            }
            if self.is(byte, ControlCharacter::Stop) {
                self.stop();
                return none;
            }
        }
        if self.has_local(LocalFlags::ISIG)
            && let Some(signal) = self.signal_of(byte)
        {
            let signals = self.signal(signal);
            if self.has_input(InputFlags::IXON) {
                self.restart();
            }
            if self.has_local(LocalFlags::ECHO) {
                self.echo(byte);
            }
            return signals;
        }
        self.restart_by_any();
        let byte = match byte {
            b'\r' if self.has_input(InputFlags::IGNCR) => return none,
            b'\r' if self.has_input(InputFlags::ICRNL) => b'\n',
            b'\n' if self.has_input(InputFlags::INLCR) => b'\r',
            byte => byte,
        };
        if self.has_local(LocalFlags::ICANON) && self.edit(byte) {
            return none;
        }
        if self.has_local(LocalFlags::ECHO) {
            self.finish_erasing();
            if byte == b'\n' {
                self.echo_plain(byte);
            } else {
                self.echo_input(byte);
            }
        }
        self.queue(byte);
        none
    }

    /// Edits or ends the line, if `byte` has that effect; returns whether it has.
    fn edit(&mut self, byte: u8) -> bool {
        let extended = self.has_local(LocalFlags::IEXTEN);
        let echo = self.has_local(LocalFlags::ECHO);
        if self.is(byte, ControlCharacter::Erase) {
            self.erase(Erase::Character);
        } else if extended && self.is(byte, ControlCharacter::WordErase) {
            self.erase(Erase::Word);
        } else if self.is(byte, ControlCharacter::Kill) {
            self.erase(Erase::Line);
        } else if extended && self.is(byte, ControlCharacter::LiteralNext) {
            self.literal_next = true;
            if echo {
                self.finish_erasing();
                if self.has_local(LocalFlags::ECHOCTL) {
                    self.echo_plain(b'^');
                    self.echo_plain(b'\x08');
                }
            }
        } else if extended && echo && self.is(byte, ControlCharacter::Reprint) {
            self.reprint(byte);
        } else if byte == b'\n' {
            if echo || self.has_local(LocalFlags::ECHONL) {
                self.echo_plain(byte);
            }
            self.input.end_line(byte);
        } else if self.is(byte, ControlCharacter::EndOfFile) {
            self.input.end_line(DISABLED);
        } else if self.is(byte, ControlCharacter::EndOfLine)
            || (extended && self.is(byte, ControlCharacter::EndOfLine2))
        {
            if echo {
                self.echo_input(byte);
            }
            if byte == 0xff && self.has_input(InputFlags::PARMRK) {
                self.input.push(byte);
            }
            self.input.end_line(byte);
        } else {
            return false;
        }
        true
    }

    /// Returns whether `byte` is the control character `which`, which may be disabled.
    fn is(&self, byte: u8, which: ControlCharacter) -> bool {
        byte != DISABLED && self.termios.character(which) == byte
    }

    fn signal_of(&self, byte: u8) -> Option<TerminalSignals> {
        if self.is(byte, ControlCharacter::Interrupt) {
            Some(TerminalSignals::INTERRUPT)
        } else if self.is(byte, ControlCharacter::Quit) {
            Some(TerminalSignals::QUIT)
        } else if self.is(byte, ControlCharacter::Suspend) {
            Some(TerminalSignals::SUSPEND)
        } else {
            None
        }
    }

    /// Flushes both queues, unless NOFLSH forbids it, and returns the signal.
    fn signal(&mut self, signal: TerminalSignals) -> TerminalSignals {
        if !self.has_local(LocalFlags::NOFLSH) {
            self.flush(Queues::Both);
            self.output.clear();
        }
        signal
    }

    /// Restarts stopped output if any byte does that.
    fn restart_by_any(&mut self) {
        if self.has_input(InputFlags::IXON | InputFlags::IXANY) {
            self.restart();
        }
    }
}
