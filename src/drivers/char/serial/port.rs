//! The port: the UART and its two queues.

use core::fmt;

use heapless::Deque;
use uart_16550::Uart16550;
use uart_16550::backend::{Backend, PioBackend};
use uart_16550::spec::FIFO_SIZE;
use uart_16550::spec::registers::{IER, LSR, MCR, offsets};

use super::line_ends::PeekableBytes;
use super::uart::{COM1, CONFIG, POLLS_MAX, poll_send, uart};
use crate::drivers::char::input_events;
use crate::sync::{IrqMutex, Rank};

pub(super) const RECEIVE_INTERRUPTS: IER = IER::DATA_READY.union(IER::RECEIVER_LINE_STATUS);
pub(super) const SEND_QUEUE_BYTES: usize = 4096;
const RECEIVE_QUEUE_BYTES: usize = 4096;
/// The number of received bytes after which an interrupt ends. A real UART has never more than
/// its FIFO and what arrives while that is read, a byte in 87 µs.
const RECEIVED_PER_INTERRUPT_BYTES: usize = 4 * FIFO_SIZE;
/// The amount of free room in the receive queue at which a throttled UART continues.
const RESUME_ROOM_BYTES: usize = RECEIVE_QUEUE_BYTES / 2;

/// The limit for polls at the start until the UART has sent everything: 1 s.
const DRAIN_POLLS_MAX: u32 = 1_000_000;

/// How bytes move between the UART and the queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By the interrupt handler.
    Interrupts,
    /// By the writer or reader itself.
    Polling,
}

/// The result of the detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serial {
    /// A UART: its scratch register keeps a written value.
    Present,
    /// No UART.
    Absent,
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => write!(f, "COM1 at {COM1:#x}, 115200 baud, 8N1"),
            Self::Absent => write!(f, "none"),
        }
    }
}

/// Protects the UART's registers and both queues. Taken by all code that prints or reads,
/// and by the interrupt handler.
pub(super) static PORT: IrqMutex<Port> = IrqMutex::new(Rank::Console, Port::new());

/// Waits until all queued text is sent, unless the port is locked.
pub fn flush() {
    PORT.try_with(Port::flush);
}

/// The events of an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Happened {
    pub(super) has_received: bool,
    pub(super) has_sent: bool,
}

pub(super) struct Port {
    pub(super) uart: Uart16550<PioBackend>,
    pub(super) is_present: bool,
    pub(super) sending: Mode,
    pub(super) receiving: Mode,
    pub(super) to_send: Deque<u8, SEND_QUEUE_BYTES>,
    pub(super) received: Deque<u8, RECEIVE_QUEUE_BYTES>,
    pub(super) is_throttled: bool,
    /// Whether the UART has sent nothing during the longest wait.
    pub(super) is_stalled: bool,
    pub(super) overruns: u64,
    /// Whether a BREAK has arrived whose zero byte is still to be dropped.
    is_break_due: bool,
    /// The number of interrupts with a cause.
    pub(super) interrupts: u64,
}

impl Port {
    pub(super) const fn new() -> Self {
        Self {
            uart: uart(),
            is_present: false,
            sending: Mode::Polling,
            receiving: Mode::Interrupts,
            to_send: Deque::new(),
            received: Deque::new(),
            is_throttled: false,
            is_stalled: false,
            overruns: 0,
            is_break_due: false,
            interrupts: 0,
        }
    }

    pub(super) fn find(&mut self) -> Serial {
        // The crate's loopback test is not used: it waits for ever for a broken receiver, and on
        // Bochs it leaves a byte. The crate's initialization waits, without a limit, until all
        // earlier bytes are sent, so this is checked first, with a limit. Without a UART all bits
        // are set.
        let has_sent_all =
            (0..DRAIN_POLLS_MAX).any(|_| self.uart.lsr().contains(LSR::TRANSMITTER_EMPTY));
        self.is_present = has_sent_all && self.uart.init(CONFIG).is_ok();
        if self.is_present { Serial::Present } else { Serial::Absent }
    }

    /// Sends or queues as much of `text` as there is room for; returns whether that was all of it.
    pub(super) fn send(&mut self, text: &mut impl PeekableBytes) -> bool {
        if self.sending == Mode::Polling {
            for byte in text.by_ref() {
                if !self.poll_send(byte) {
                    break;
                }
            }
            return true;
        }
        while let Some(byte) = text.peek_byte() {
            if self.to_send.push_back(byte).is_err() {
                break;
            }
            text.next();
        }
        // Needed because some UARTs raise no interrupt when it is enabled while the transmitter is
        // empty, and because the handler doesn't run while interrupts are off.
        self.send_some();
        if !self.to_send.is_empty() {
            self.uart.enable_interrupts(IER::THR_EMPTY);
        }
        text.peek_byte().is_none()
    }

    pub(super) fn take_received(&mut self) -> Option<u8> {
        let byte = self.received.pop_front();
        if self.is_throttled && self.received.capacity() - self.received.len() >= RESUME_ROOM_BYTES
        {
            self.set_throttled(false);
        }
        byte
    }

    /// Handles all causes, because the PIC's line is edge-triggered: the UART's output must become
    /// low before it can rise again. If bytes arrive as fast as they are read, which an emulated
    /// UART can do, it leaves some for the next interrupt, so that other interrupts aren't late.
    pub(super) fn handle_interrupt(&mut self) -> Happened {
        let before = (self.received.len(), self.to_send.len());
        let mut has_break = false;
        while self.uart.isr().has_pending_interrupt() {
            if self.received.len() - before.0 >= RECEIVED_PER_INTERRUPT_BYTES {
                self.interrupt_again();
                break;
            }
            self.interrupts += 1;
            has_break |= self.receive_some();
            self.send_some();
        }
        Happened {
            has_received: has_break || self.received.len() > before.0,
            has_sent: self.to_send.len() < before.1,
        }
    }

    /// Makes the UART's output low, and high again if it has a cause.
    fn interrupt_again(&mut self) {
        let enabled = self.uart.ier();
        self.uart.disable_interrupts(enabled);
        self.uart.enable_interrupts(enabled);
    }

    /// Receives bytes that have arrived, at most those of a FIFO, as long as there is room. Returns
    /// whether a BREAK was among them: it requests attention, and its zero byte isn't input.
    pub(super) fn receive_some(&mut self) -> bool {
        let mut has_break = false;
        for _ in 0..FIFO_SIZE {
            if self.is_throttled {
                break;
            }
            if self.received.is_full() {
                self.set_throttled(true);
                break;
            }
            // Reading the register clears its error bits.
            let status = self.uart.lsr();
            self.overruns += u64::from(status.contains(LSR::OVERRUN_ERROR));
            self.is_break_due |= status.contains(LSR::BREAK_INTERRUPT);
            match self.uart.try_receive_byte() {
                Err(_) => break,
                Ok(0) if core::mem::take(&mut self.is_break_due) => {
                    input_events::request_attention();
                    has_break = true;
                }
                Ok(byte) => {
                    self.received.push_back(byte).expect("the queue was checked not to be full");
                }
            }
        }
        has_break
    }

    pub(super) fn flush(&mut self) {
        while let Some(byte) = self.to_send.pop_front() {
            if !self.poll_send(byte) {
                return;
            }
        }
    }

    /// Sends `byte`; polls a stalled UART only once.
    pub(super) fn poll_send(&mut self, byte: u8) -> bool {
        let polls = if self.is_stalled { 1 } else { POLLS_MAX };
        self.is_stalled = !poll_send(&mut self.uart, byte, polls);
        !self.is_stalled
    }

    /// Fills the transmitter's FIFO if it is empty.
    pub(super) fn send_some(&mut self) {
        let sent = self.uart.send_bytes(self.to_send.as_slices().0);
        for _ in 0..sent {
            self.to_send.pop_front();
        }
        self.is_stalled &= sent == 0;
        if self.to_send.is_empty() {
            self.uart.disable_interrupts(IER::THR_EMPTY);
        }
    }

    pub(super) fn set_throttled(&mut self, is_throttled: bool) {
        self.is_throttled = is_throttled;
        let mut modem_control = self.uart.mcr();
        modem_control.set(MCR::RTS, !is_throttled);
        // SAFETY: the register exists; only RTS changes.
        unsafe { self.uart.backend_mut().write(offsets::MCR as u8, modem_control.bits()) };
        match self.receiving {
            Mode::Polling => {}
            Mode::Interrupts if is_throttled => self.uart.disable_interrupts(RECEIVE_INTERRUPTS),
            Mode::Interrupts => self.uart.enable_interrupts(RECEIVE_INTERRUPTS),
        }
    }

    /// Turns all interrupts of the UART off for ever.
    pub(super) fn stop_interrupts(&mut self) {
        (self.sending, self.receiving) = (Mode::Polling, Mode::Polling);
        self.uart.disable_interrupts(RECEIVE_INTERRUPTS | IER::THR_EMPTY);
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn full_receive_queue_throttles_and_loses_nothing() {
        let mut port = PORT.lock();
        let mut sent = 0_u32;
        while !port.received.is_full() {
            port.received.push_back(sent as u8).expect("there is room");
            sent += 1;
        }
        port.receive_some();
        assert!(port.is_throttled);
        assert!(!port.uart.mcr().contains(MCR::RTS));
        assert!(!port.uart.ier().contains(IER::DATA_READY));
        let mut received = 0_u32;
        while let Some(byte) = port.take_received() {
            assert_eq!(byte, received as u8);
            received += 1;
        }
        assert_eq!((received, sent), (RECEIVE_QUEUE_BYTES as u32, RECEIVE_QUEUE_BYTES as u32));
        assert!(!port.is_throttled);
        assert!(port.uart.mcr().contains(MCR::RTS));
        assert!(port.uart.ier().contains(IER::DATA_READY));
    }
}
