//! The first serial port (COM1), a 16550 UART at 115,200 baud, 8N1.
//!
//! Until [`use_interrupts`], text is sent by polling. That function tests whether interrupts of the
//! UART arrive. If they do, the interrupt handler moves bytes between the UART and two queues. If
//! not, both directions are polled: text waits for the UART, and readers check it every
//! [`POLL_INTERVAL_NS`].
//!
//! While the receive queue is full, bytes stay in the UART, RTS is off, and the receive interrupt
//! is off, until [`try_read`] has made room.
//!
//! Without a UART, text is discarded and nothing is received. Emergency text works before
//! [`start`], because the stub has set up the UART.

mod emergency;
mod line_ends;
mod port;
mod uart;

use core::sync::atomic::{AtomicU8, Ordering};

use ::log::Level;
use uart_16550::spec::registers::IER;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::percpu::Cpu;
use crate::arch::init_order::{Controllers, Interrupts};
use crate::arch::irq::{self, Irq};
use crate::arch::smp::tlb;
use crate::arch::time::clock;
use crate::drivers::char::input_events;
use crate::klog;
use crate::sync::{WaitQueue, parking};
use emergency::Presence;
use line_ends::{LineEnds, PeekableBytes};
use port::{PORT, RECEIVE_INTERRUPTS, SEND_QUEUE_BYTES};

pub use emergency::{poll_emergency, start_emergency};
pub use port::{Mode, Serial, flush};

/// The longest wait for room in the send queue.
const WAIT_MAX_NS: u64 = 10_000_000_000;
/// The part of the wait after which the writer sends by polling, because an interrupt may have been
/// lost.
const WAIT_SLICE_NS: u64 = 50_000_000;
/// The longest wait for the interrupt of an empty transmitter. A full FIFO takes 1.4 ms.
const INTERRUPT_MAX_NS: u64 = 100_000_000;
/// The interval at which readers check a UART without interrupts.
const POLL_INTERVAL_NS: u64 = 5_000_000;

/// Detects the UART and makes it a sink of the log.
pub fn start(_cpu: &Cpu) -> Serial {
    boot_stage::mark(Stage::Serial);
    let found = PORT.lock().find();
    let presence = match found {
        Serial::Present => Presence::Present,
        Serial::Absent => Presence::Absent,
    };
    emergency::note(presence);
    if found == Serial::Present {
        klog::add_console_sink(|level, line| {
            if klog::severity(level) < LOG_LEVEL.load(Ordering::Relaxed) {
                write(line);
            }
        });
    }
    // The first line of the kernel's log.
    boot_stage::log_last_boot();
    ::log::info!("{found}");
    found
}

/// Only log lines whose [`klog::severity`] is below this appear on the serial line.
static LOG_LEVEL: AtomicU8 = AtomicU8::new(klog::severity(Level::Trace) + 1);

/// Ends the output of log lines that aren't errors on the serial line.
pub fn log_only_errors(_serial: Serial) {
    LOG_LEVEL.store(klog::severity(Level::Error) + 1, Ordering::Relaxed);
}

/// Ends the output of log lines on the serial line, which is for programs from now on.
pub fn end_log() {
    LOG_LEVEL.store(0, Ordering::Relaxed);
}

/// Sets the UART's interrupt handler, and turns its receive interrupt on.
pub fn start_interrupts(controllers: Controllers) {
    if !PORT.lock().is_present {
        return;
    }
    // Called without the port's lock: if this fails, it is logged, also to this port.
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

/// Tests whether interrupts of the UART arrive. If they do, bytes are received by interrupts from
/// now on, and sent in the mode `sending`. Otherwise both directions are polled.
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

/// Makes the transmitter interrupt as soon as it is empty, and returns whether the
/// interrupt arrives.
fn has_interrupts() -> bool {
    let before = {
        let mut port = PORT.lock();
        port.uart.enable_interrupts(IER::THR_EMPTY);
        port.interrupts
    };
    let end_ns = clock::now_ns() + INTERRUPT_MAX_NS;
    loop {
        // The time is read before the check, so that a delay between the two can't hide the
        // interrupt.
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

/// Returns the interval at which readers have to check the UART; `None` if its interrupts arrive.
pub fn poll_interval_ns() -> Option<u64> {
    let port = PORT.lock();
    (port.is_present && port.receiving == Mode::Polling).then_some(POLL_INTERVAL_NS)
}

/// Threads that wait for room in the send queue.
static ROOM: WaitQueue = WaitQueue::new();

/// Sends `text`, with `
/// ` as CR and LF. Waits for room in the queue; spins in code that may not wait.
///
/// If the UART doesn't send, text is dropped: first after the longest wait, afterwards at once
/// until the UART sends again.
pub fn write(text: &str) {
    send(&mut LineEnds::new(text).peekable());
}

/// Sends `bytes` unchanged, otherwise as [`write`] does.
pub fn write_bytes(bytes: &[u8]) {
    send(&mut bytes.iter().copied().peekable());
}

fn send(bytes: &mut impl PeekableBytes) {
    let mut end_ns = None;
    loop {
        {
            let mut port = PORT.lock();
            if !port.is_present || port.send(bytes) || port.is_stalled {
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
            // Waits for half of the queue, so that there are fewer wake-ups.
            let has_room = || PORT.lock().to_send.len() <= SEND_QUEUE_BYTES / 2;
            // After either event, the next iteration sends as much as possible.
            let _ = ROOM.wait_until_deadline(end_ns.min(now_ns + WAIT_SLICE_NS), has_room);
        } else {
            tlb::answer_shootdowns();
        }
    }
}

/// Runs `action` while the port is locked.
pub fn while_locked<R>(action: impl FnOnce() -> R) -> R {
    let _port = PORT.lock();
    action()
}

/// Returns the next received byte, if there is one.
pub fn try_read() -> Option<u8> {
    let mut port = PORT.lock();
    if port.is_present && port.receiving == Mode::Polling {
        port.receive_some();
    }
    port.take_received()
}

/// Returns how often the UART lost bytes because they weren't read in time.
pub fn overruns() -> u64 {
    PORT.lock().overruns
}
