//! The first serial port (COM1), a 16550 UART at 115,200 baud, 8N1.
//!
//! Until [`use_interrupts`] text is sent by polling. From then on the interrupt handler
//! moves bytes between the UART and two queues, if interrupts of the UART arrive: that is
//! tried, not believed. If none arrives, both directions are polled: text waits for the
//! UART, and readers look at it every [`POLL_INTERVAL_NS`].
//!
//! When the receive queue is full, the UART keeps its bytes, RTS is off, and its receive
//! interrupt is off until [`try_read`] has made room.
//!
//! Without a UART, text is discarded and nothing is ever received. Emergency text needs no
//! start: the stub has set the UART up.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use heapless::Deque;
use uart_16550::backend::{Backend, PioBackend};
use uart_16550::spec::registers::{FifoTriggerLevel, IER, LSR, MCR, offsets};
use uart_16550::{BaudRate, Config, Uart16550};

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::percpu::Cpu;
use crate::arch::init_order::{Controllers, Interrupts};
use crate::arch::irq::{self, Irq};
use crate::arch::smp::tlb;
use crate::arch::time::clock;
use crate::drivers::char::input_events;
use crate::klog;
use crate::sync::{IrqMutex, Rank, WaitQueue, parking};

const COM1: u16 = 0x3F8;
const CONFIG: Config = Config {
    baud_rate: BaudRate::Baud115200,
    // Early enough that 8 bytes, 0.7 ms, may come before the handler runs.
    fifo_trigger_level: Some(FifoTriggerLevel::Eight),
    ..Config::DEFAULT
};

const RECEIVE_INTERRUPTS: IER = IER::DATA_READY.union(IER::RECEIVER_LINE_STATUS);

const SEND_QUEUE_BYTES: usize = 4096;
const RECEIVE_QUEUE_BYTES: usize = 4096;
/// Room in the receive queue at which a throttled UART may go on.
const RESUME_ROOM_BYTES: usize = RECEIVE_QUEUE_BYTES / 2;

/// How often the UART is asked whether it can send, before what is to be sent is
/// dropped: at about a microsecond a question, 10 s; a full FIFO takes 1.4 ms.
const POLLS_MAX: u32 = 10_000_000;
/// The longest wait for room in the send queue.
const WAIT_MAX_NS: u64 = 10_000_000_000;
/// After this part of the wait the writer sends by itself: an interrupt may be lost.
const WAIT_SLICE_NS: u64 = 50_000_000;
/// The longest wait for the interrupt of a transmitter that is empty: a full FIFO takes
/// 1.4 ms.
const INTERRUPT_MAX_NS: u64 = 100_000_000;
/// How often readers look at a UART without interrupts.
const POLL_INTERVAL_NS: u64 = 5_000_000;
/// How often the UART is asked, at start, whether it has sent all: 1 s.
const DRAIN_POLLS_MAX: u32 = 1_000_000;

/// How bytes move between the UART and the queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By the interrupt handler.
    Interrupts,
    /// By the writer or reader itself.
    Polling,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serial {
    /// A UART whose scratch register keeps what is written.
    Present,
    /// Nothing, or something else.
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

/// Protects the UART's registers and both queues. Taken by everything that
/// prints or reads, and by the interrupt handler.
static PORT: IrqMutex<Port> = IrqMutex::new(Rank::Console, Port::new());

/// Whether there is a UART, for emergency text, which takes no lock.
static PRESENCE: AtomicU8 = AtomicU8::new(Presence::Unknown as u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Presence {
    /// [`start`] has not run yet.
    Unknown,
    Absent,
    Present,
}

/// Returns whether emergency text can be sent.
fn is_usable_in_emergency() -> bool {
    const UNKNOWN: u8 = Presence::Unknown as u8;
    match PRESENCE.load(Ordering::Relaxed) {
        // All bits are set where no device answers.
        UNKNOWN => !uart().lsr().is_all(),
        presence => presence == Presence::Present as u8,
    }
}

/// Makes the UART a sink of emergency text, as the stub has set it up.
pub fn start_emergency(_cpu: &Cpu) {
    klog::add_emergency_sink(write_emergency);
}

/// Looks for the UART and makes it a sink of the log.
pub fn start(_cpu: &Cpu) -> Serial {
    boot_stage::mark(Stage::Serial);
    let found = PORT.lock().find();
    let presence = match found {
        Serial::Present => Presence::Present,
        Serial::Absent => Presence::Absent,
    };
    PRESENCE.store(presence as u8, Ordering::Relaxed);
    if found == Serial::Present {
        klog::add_sink(|_, line| write(line));
    }
    // The first line of the kernel's log.
    boot_stage::log_last_boot();
    ::log::info!("{found}");
    found
}

/// Sets the UART's interrupt handler, and turns its receive interrupt on.
pub fn start_interrupts(controllers: Controllers) {
    if !PORT.lock().is_present {
        return;
    }
    // Without the lock: what stands against it is logged, also on this line.
    irq::set_handler(controllers, Irq::Com1, handle_interrupt);
    PORT.lock().uart.enable_interrupts(RECEIVE_INTERRUPTS);
}

fn handle_interrupt() {
    let happened = PORT.lock().handle_interrupt();
    if happened.has_received {
        input_events::note();
    }
    if happened.has_sent {
        ROOM.wake_all();
    }
}

/// Tries whether interrupts of the UART arrive. If they do, bytes are received by them from
/// now on, and sent as `sending` says. If not, both are done by polling.
pub fn use_interrupts(_interrupts: Interrupts, sending: Mode) {
    if !PORT.lock().is_present {
        return;
    }
    if has_interrupts() {
        PORT.lock().sending = sending;
    } else {
        PORT.lock().stop_interrupts();
        ::log::warn!(
            "COM1: no interrupt arrives at IRQ {}; it is polled every {} ms",
            Irq::Com1 as u8,
            POLL_INTERVAL_NS / 1_000_000
        );
    }
}

/// Has the transmitter interrupt as soon as it is empty, and returns whether the interrupt
/// arrives.
fn has_interrupts() -> bool {
    let before = {
        let mut port = PORT.lock();
        port.uart.enable_interrupts(IER::THR_EMPTY);
        port.interrupts
    };
    let end_ns = clock::now_ns() + INTERRUPT_MAX_NS;
    loop {
        // The time first: a late look still sees the interrupt.
        let is_over = clock::now_ns() >= end_ns;
        if PORT.lock().interrupts != before {
            return true;
        }
        if is_over {
            return false;
        }
        core::hint::spin_loop();
    }
}

/// Returns how often readers have to look at the UART, if its interrupts don't arrive.
pub fn poll_interval_ns() -> Option<u64> {
    let port = PORT.lock();
    (port.is_present && port.receiving == Mode::Polling).then_some(POLL_INTERVAL_NS)
}

/// Threads that wait for room in the send queue.
static ROOM: WaitQueue = WaitQueue::new();

/// Sends `text`, with `\n` as CR and LF. Waits for room; where threads can't wait, it
/// spins.
///
/// Text is dropped where the UART doesn't send it: after the longest wait, and from then
/// on until the UART sends again.
pub fn write(text: &str) {
    let mut text = LineEnds::new(text).peekable();
    let mut end_ns = None;
    loop {
        {
            let mut port = PORT.lock();
            if !port.is_present || port.send(&mut text) || port.is_stalled {
                return;
            }
        }
        let now_ns = clock::now_ns();
        let end_ns = *end_ns.get_or_insert(now_ns + WAIT_MAX_NS);
        if now_ns >= end_ns {
            PORT.lock().is_stalled = true;
            return;
        }
        if parking::may_wait() {
            // Half of it, so that a wake-up is for more than a byte.
            let has_room = || PORT.lock().to_send.len() <= SEND_QUEUE_BYTES / 2;
            // Either way the next turn sends what it can.
            let _ = ROOM.wait_until_deadline(end_ns.min(now_ns + WAIT_SLICE_NS), has_room);
        } else {
            tlb::answer_others();
        }
    }
}

/// Runs `action` while the port is locked.
pub fn while_locked<R>(action: impl FnOnce() -> R) -> R {
    let _port = PORT.lock();
    action()
}

/// Waits until all queued text is sent, unless the port is locked.
pub fn flush() {
    PORT.try_with(Port::flush);
}

/// Takes a received byte, if there is one.
pub fn try_read() -> Option<u8> {
    let mut port = PORT.lock();
    if port.is_present && port.receiving == Mode::Polling {
        port.receive_all();
    }
    port.take_received()
}

/// Returns how often the UART lost bytes because they weren't fetched in time.
pub fn overruns() -> u64 {
    PORT.lock().overruns
}

/// What an interrupt has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Happened {
    has_received: bool,
    has_sent: bool,
}

struct Port {
    uart: Uart16550<PioBackend>,
    is_present: bool,
    sending: Mode,
    receiving: Mode,
    to_send: Deque<u8, SEND_QUEUE_BYTES>,
    received: Deque<u8, RECEIVE_QUEUE_BYTES>,
    is_throttled: bool,
    /// Nothing was sent for the longest wait.
    is_stalled: bool,
    overruns: u64,
    /// How often the interrupt handler found a cause.
    interrupts: u64,
}

impl Port {
    const fn new() -> Self {
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
            interrupts: 0,
        }
    }

    fn find(&mut self) -> Serial {
        // The crate's loopback test isn't for us: it waits for ever for a receiver
        // that is dead, and on Bochs a byte remains from it.
        // Its initialisation, too, waits for ever for what was sent before to leave,
        // so that has to be seen first. Where nothing answers, all bits are set.
        let has_sent_all =
            (0..DRAIN_POLLS_MAX).any(|_| self.uart.lsr().contains(LSR::TRANSMITTER_EMPTY));
        self.is_present = has_sent_all && self.uart.init(CONFIG).is_ok();
        if self.is_present { Serial::Present } else { Serial::Absent }
    }

    /// Sends or queues as much of `text` as there is room for; returns whether
    /// that was all.
    fn send(&mut self, text: &mut impl PeekableBytes) -> bool {
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
        // Not every UART raises an interrupt because it is empty already, and with
        // interrupts off there is no handler to send.
        self.send_some();
        if !self.to_send.is_empty() {
            self.uart.enable_interrupts(IER::THR_EMPTY);
        }
        text.peek_byte().is_none()
    }

    fn take_received(&mut self) -> Option<u8> {
        let byte = self.received.pop_front();
        if self.is_throttled && self.received.capacity() - self.received.len() >= RESUME_ROOM_BYTES
        {
            self.set_throttled(false);
        }
        byte
    }

    /// The interrupt line is edge-triggered at the PIC: it has to be seen low
    /// before it can rise again, so all causes are dealt with.
    fn handle_interrupt(&mut self) -> Happened {
        let before = (self.received.len(), self.to_send.len());
        while self.uart.isr().has_pending_interrupt() {
            self.interrupts += 1;
            if self.uart.lsr().contains(LSR::OVERRUN_ERROR) {
                self.overruns += 1;
            }
            self.receive_all();
            self.send_some();
        }
        Happened {
            has_received: self.received.len() > before.0,
            has_sent: self.to_send.len() < before.1,
        }
    }

    fn receive_all(&mut self) {
        while !self.is_throttled {
            if self.received.is_full() {
                self.set_throttled(true);
                return;
            }
            let Ok(byte) = self.uart.try_receive_byte() else {
                return;
            };
            self.received.push_back(byte).expect("the queue was seen not to be full");
        }
    }

    fn flush(&mut self) {
        while let Some(byte) = self.to_send.pop_front() {
            if !self.poll_send(byte) {
                return;
            }
        }
    }

    /// Sends `byte`, for which a UART that is stalled is asked only once.
    fn poll_send(&mut self, byte: u8) -> bool {
        let polls = if self.is_stalled { 1 } else { POLLS_MAX };
        self.is_stalled = !poll_send(&mut self.uart, byte, polls);
        !self.is_stalled
    }

    /// Fills the transmitter's FIFO, if that is empty.
    fn send_some(&mut self) {
        let sent = self.uart.send_bytes(self.to_send.as_slices().0);
        for _ in 0..sent {
            self.to_send.pop_front();
        }
        self.is_stalled &= sent == 0;
        if self.to_send.is_empty() {
            self.uart.disable_interrupts(IER::THR_EMPTY);
        }
    }

    fn set_throttled(&mut self, is_throttled: bool) {
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

    /// Turns all interrupts of the UART off, for good.
    fn stop_interrupts(&mut self) {
        (self.sending, self.receiving) = (Mode::Polling, Mode::Polling);
        self.uart.disable_interrupts(RECEIVE_INTERRUPTS | IER::THR_EMPTY);
        self.flush();
    }
}

const fn uart() -> Uart16550<PioBackend> {
    // SAFETY: COM1's ports are the same on every PC. `PORT` has one of these, and the
    // emergency's functions make one when nothing else runs any more.
    match unsafe { Uart16550::new_port(COM1) } {
        Ok(uart) => uart,
        Err(_) => panic!("eight ports follow COM1"),
    }
}

/// Asks `polls` times for room and sends `byte`; returns whether there was room.
fn poll_send(uart: &mut Uart16550<PioBackend>, byte: u8, polls: u32) -> bool {
    (0..polls).any(|_| uart.try_send_byte(byte).is_ok())
}

/// Whether the emergency text has met a UART that doesn't send: then the other
/// sinks shall not wait for it.
static IS_EMERGENCY_STALLED: AtomicBool = AtomicBool::new(false);

/// Sends without the lock, which the code that can't go on may hold.
fn write_emergency(text: &str) {
    if !is_usable_in_emergency() || IS_EMERGENCY_STALLED.load(Ordering::Relaxed) {
        return;
    }
    // What was printed before comes first.
    flush();
    let mut uart = uart();
    let is_sent = LineEnds::new(text).all(|byte| poll_send(&mut uart, byte, POLLS_MAX));
    IS_EMERGENCY_STALLED.store(!is_sent, Ordering::Relaxed);
}

/// Takes a byte from the UART itself, if one has come: without interrupts, which have
/// to be off, and without the lock. What the interrupt handler has taken is not seen.
pub fn poll_emergency() -> Option<u8> {
    if !is_usable_in_emergency() {
        return None;
    }
    let mut uart = uart();
    allow_to_send(&mut uart);
    uart.try_receive_byte().ok()
}

/// Turns RTS on, so that the other end sends; a full queue may have turned it off.
fn allow_to_send(uart: &mut Uart16550<PioBackend>) {
    let modem_control = uart.mcr();
    if !modem_control.contains(MCR::RTS) {
        // SAFETY: the register exists; only RTS changes.
        unsafe { uart.backend_mut().write(offsets::MCR as u8, (modem_control | MCR::RTS).bits()) };
    }
}

/// The bytes of a text, with a CR before each LF.
struct LineEnds<'a> {
    bytes: core::str::Bytes<'a>,
    is_line_feed_due: bool,
}

impl<'a> LineEnds<'a> {
    fn new(text: &'a str) -> Self {
        Self { bytes: text.bytes(), is_line_feed_due: false }
    }
}

impl Iterator for LineEnds<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if core::mem::take(&mut self.is_line_feed_due) {
            return Some(b'\n');
        }
        let byte = self.bytes.next()?;
        if byte == b'\n' {
            self.is_line_feed_due = true;
            return Some(b'\r');
        }
        Some(byte)
    }
}

/// Bytes of which the next can be looked at.
trait PeekableBytes: Iterator<Item = u8> {
    fn peek_byte(&mut self) -> Option<u8>;
}

impl<I: Iterator<Item = u8>> PeekableBytes for core::iter::Peekable<I> {
    fn peek_byte(&mut self) -> Option<u8> {
        self.peek().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn line_feeds_get_a_carriage_return() {
        assert!(LineEnds::new("a\n\nb").eq(*b"a\r\n\r\nb"));
    }

    #[test_case]
    fn emergency_receives_without_the_lock() {
        // It hears itself.
        let mut port = PORT.lock();
        port.flush();
        while !port.uart.lsr().contains(LSR::TRANSMITTER_EMPTY) {}
        let before = port.uart.mcr();
        // As if a full queue had forbidden the other end to send.
        let looped = (before | MCR::LOOP_BACK) - MCR::RTS;
        // SAFETY: the register exists; the line is quiet.
        unsafe { port.uart.backend_mut().write(offsets::MCR as u8, looped.bits()) };
        assert_eq!(poll_emergency(), None);
        assert!(port.uart.mcr().contains(MCR::RTS));
        assert!(poll_send(&mut port.uart, b'x', 1));
        let received = (0..POLLS_MAX).find_map(|_| poll_emergency());
        // SAFETY: as above.
        unsafe { port.uart.backend_mut().write(offsets::MCR as u8, before.bits()) };
        assert_eq!(received, Some(b'x'));
    }

    #[test_case]
    fn full_receive_queue_throttles_and_loses_nothing() {
        let mut port = PORT.lock();
        let mut sent = 0_u32;
        while !port.received.is_full() {
            port.received.push_back(sent as u8).expect("there is room");
            sent += 1;
        }
        port.receive_all();
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
