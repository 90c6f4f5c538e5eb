//! Stops and restarts output and input. In packet mode, the master is notified.

use crate::control_character::{ControlCharacter, DISABLED};
use crate::discipline::{Device, LineDiscipline};
use crate::flags::{InputFlags, LocalFlags};
use crate::packet::PacketStatus;
use crate::termios::Termios;

/// The other side has to stop if the queue has less room than this, and may continue if no
/// more input than this is queued. Source: Linux, `TTY_THRESHOLD_THROTTLE` and
/// `TTY_THRESHOLD_UNTHROTTLE`.
const THRESHOLD_BYTES: usize = 128;

/// The request of a program with TCXONC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowAction {
    /// Stops the output (TCOOFF).
    StopOutput,
    /// Restarts the output that a program stopped (TCOON).
    StartOutput,
    /// Sends STOP, so that the other side stops (TCIOFF).
    StopInput,
    /// Sends START (TCION).
    StartInput,
}

impl LineDiscipline {
    /// Stops or restarts the flow (TCXONC).
    pub fn control_flow(&mut self, action: FlowAction) {
        match action {
            FlowAction::StopOutput => {
                self.stop();
                self.stopped_by_program = true;
            }
            FlowAction::StartOutput => {
                if core::mem::take(&mut self.stopped_by_program) {
                    self.restart();
                }
            }
            FlowAction::StopInput => self.send_urgent(ControlCharacter::Stop),
            FlowAction::StartInput => self.send_urgent(ControlCharacter::Start),
        }
    }

    /// Returns whether the output is stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Returns whether the input queue is nearly full, so that the device should stop the
    /// other side, for example by RTS. With IXOFF, a STOP has already been put into the
    /// output. The master of a pseudo-terminal waits.
    pub fn is_throttled(&self) -> bool {
        self.throttled
    }

    /// Stops the other side if the queue is nearly full. In canonical mode it isn't stopped
    /// before there is a complete line, because nothing could be read.
    pub(crate) fn throttle(&mut self) {
        let is_full = self.room() < THRESHOLD_BYTES && !self.has_unlimited_line();
        if is_full && !self.throttled && self.device != Device::Pseudo {
            self.throttled = true;
            if self.has_input(InputFlags::IXOFF) {
                self.send_urgent(ControlCharacter::Stop);
            }
        }
    }

    /// Restarts the other side if little is left to read.
    pub(crate) fn unthrottle(&mut self) {
        if self.throttled && self.input_len() <= THRESHOLD_BYTES {
            self.throttled = false;
            if self.has_input(InputFlags::IXOFF) {
                self.send_urgent(ControlCharacter::Start);
            }
        }
    }

    /// Turns packet mode of a pseudo-terminal on or off (TIOCPKT).
    pub fn set_packet_mode(&mut self, on: bool) {
        match (on, self.packet) {
            (true, None) => self.packet = Some(PacketStatus::empty()),
            (false, _) => self.packet = None,
            (true, Some(_)) => {}
        }
    }

    /// Returns whether packet mode of a pseudo-terminal is on.
    pub fn is_in_packet_mode(&self) -> bool {
        self.packet.is_some()
    }

    /// Returns the events since the last call, in packet mode. If there are any, the
    /// master's read returns them as its only byte; otherwise the first byte of a read is
    /// 0.
    pub fn take_packet_status(&mut self) -> Option<PacketStatus> {
        self.packet.as_mut().map(core::mem::take)
    }

    /// Returns whether [`Self::take_packet_status`] would return events.
    pub fn has_packet_status(&self) -> bool {
        self.packet.is_some_and(|status| !status.is_empty())
    }

    pub(crate) fn stop(&mut self) {
        if !self.stopped {
            self.stopped = true;
            self.output.stop(self.device != Device::Pseudo);
            if let Some(noted) = &mut self.packet {
                noted.remove(PacketStatus::START);
            }
            self.note(PacketStatus::STOP);
        }
    }

    /// Restarts the output, unless a program stopped it.
    pub(crate) fn restart(&mut self) {
        if self.stopped && !self.stopped_by_program {
            self.stopped = false;
            self.output.restart();
            if let Some(noted) = &mut self.packet {
                noted.remove(PacketStatus::STOP);
            }
            self.note(PacketStatus::START);
        }
    }

    fn send_urgent(&mut self, which: ControlCharacter) {
        let byte = self.termios.character(which);
        if byte != DISABLED {
            self.urgent = Some(byte);
        }
    }

    /// Records the change of the attributes from `old` for the master.
    pub(crate) fn note_termios_change(&mut self, old: &Termios) {
        let was_usual = stops_as_usual(old);
        let is_usual = stops_as_usual(&self.termios);
        if was_usual != is_usual {
            let (now, before) = if is_usual {
                (PacketStatus::DOSTOP, PacketStatus::NOSTOP)
            } else {
                (PacketStatus::NOSTOP, PacketStatus::DOSTOP)
            };
            if let Some(noted) = &mut self.packet {
                noted.remove(before);
            }
            self.note(now);
        }
        if (old.local | self.termios.local).contains(LocalFlags::EXTPROC) {
            self.note(PacketStatus::IOCTL);
        }
    }
}

/// Returns whether `^S` stops the output and `^Q` restarts it.
fn stops_as_usual(termios: &Termios) -> bool {
    termios.input.contains(InputFlags::IXON)
        && termios.character(ControlCharacter::Stop) == b'\x13'
        && termios.character(ControlCharacter::Start) == b'\x11'
}
