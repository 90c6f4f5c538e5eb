//! The UART of COM1, driven by the crate `uart_16550`.

use uart_16550::backend::{Backend, PioBackend};
use uart_16550::spec::registers::{FifoTriggerLevel, MCR, offsets};
use uart_16550::{BaudRate, Config, Uart16550};

pub(super) const COM1: u16 = 0x3F8;
pub(super) const CONFIG: Config = Config {
    baud_rate: BaudRate::Baud115200,
    // Leaves room for eight more bytes, 0.7 ms, until the handler runs.
    fifo_trigger_level: Some(FifoTriggerLevel::Eight),
    ..Config::DEFAULT
};

/// The limit for polls before text is dropped: 10 s at about a microsecond each. A full
/// FIFO takes 1.4 ms.
pub(super) const POLLS_MAX: u32 = 10_000_000;

pub(super) const fn uart() -> Uart16550<PioBackend> {
    // SAFETY: COM1's ports are the same on every PC. `PORT` has one UART; the emergency functions
    // make another only when no other code runs any more.
    match unsafe { Uart16550::new_port(COM1) } {
        Ok(uart) => uart,
        Err(_) => panic!("eight ports follow COM1"),
    }
}

/// Polls up to `polls` times for room and sends `byte`; returns whether there was room.
pub(super) fn poll_send(uart: &mut Uart16550<PioBackend>, byte: u8, polls: u32) -> bool {
    (0..polls).any(|_| uart.try_send_byte(byte).is_ok())
}

/// Turns RTS on, so that the other end may send; a full queue may have turned it off.
pub(super) fn allow_to_send(uart: &mut Uart16550<PioBackend>) {
    let modem_control = uart.mcr();
    if !modem_control.contains(MCR::RTS) {
        // SAFETY: the register exists; only RTS changes.
        unsafe { uart.backend_mut().write(offsets::MCR as u8, (modem_control | MCR::RTS).bits()) };
    }
}
