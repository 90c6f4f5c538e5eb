//! The serial line for a kernel that has stopped: without the lock and without
//! interrupts.

use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::line_ends::LineEnds;
use super::port;
use super::uart::{POLLS_MAX, allow_to_send, poll_send, uart};
use crate::arch::cpu::percpu::Cpu;
use crate::klog;

/// Whether there is a UART. Read without a lock, for emergency text.
static PRESENCE: AtomicU8 = AtomicU8::new(Presence::Unknown as u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Presence {
    /// [`start`](super::start) has not run yet.
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

/// Records whether there is a UART.
pub(super) fn note(presence: Presence) {
    PRESENCE.store(presence as u8, Ordering::Relaxed);
}

/// Makes the UART, which the stub has set up, a sink of emergency text.
pub fn start_emergency(_cpu: &Cpu) {
    klog::add_emergency_sink(write_emergency);
}

/// Set if the UART doesn't send emergency text, so that the text for the other sinks isn't delayed
/// again.
static IS_EMERGENCY_STALLED: AtomicBool = AtomicBool::new(false);

/// Sends without the lock, which the code that failed may hold.
fn write_emergency(text: &str) {
    if !is_usable_in_emergency() || IS_EMERGENCY_STALLED.load(Ordering::Relaxed) {
        return;
    }
    // Text in the send queue is sent first.
    port::flush();
    let mut uart = uart();
    let is_sent = LineEnds::new(text).all(|byte| poll_send(&mut uart, byte, POLLS_MAX));
    IS_EMERGENCY_STALLED.store(!is_sent, Ordering::Relaxed);
}

/// Reads a byte directly from the UART, if one has arrived. Uses neither interrupts, which have to
/// be off, nor the lock. Bytes in the receive queue are not read.
pub fn poll_emergency() -> Option<u8> {
    if !is_usable_in_emergency() {
        return None;
    }
    let mut uart = uart();
    allow_to_send(&mut uart);
    uart.try_receive_byte().ok()
}

#[cfg(test)]
mod tests {
    use uart_16550::backend::Backend;
    use uart_16550::spec::registers::{LSR, MCR, offsets};

    use super::super::port::PORT;
    use super::*;

    #[test_case]
    fn emergency_receives_without_the_lock() {
        // The UART's loopback mode: it receives what it sends.
        let mut port = PORT.lock();
        port.flush();
        while !port.uart.lsr().contains(LSR::TRANSMITTER_EMPTY) {}
        let before = port.uart.mcr();
        // The state after a full queue has turned RTS off.
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
}
