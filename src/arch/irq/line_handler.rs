//! Handlers of interrupt lines.

use alloc::sync::Arc;
use core::fmt;

use super::handler::{Handler, Registered};
use super::interrupt_flag::InterruptsOff;
use super::vectors::{FIRST_LINE_VECTOR, LINES};
use super::{APIC, Input, Irq, LINE_SLOTS, input, io_apic, pic};
use crate::arch::init_order::Controllers;

/// Registers `handler` for the interrupts of `irq`, for ever, and unmasks the line. If no
/// controller has the line, only logs a warning.
///
/// # Panics
/// If `irq` has a handler.
pub fn set_handler(controllers: Controllers, irq: Irq, handler: fn()) {
    match LineHandler::connect(controllers, irq as u8, Registered::Function(handler)) {
        Ok(handler) => core::mem::forget(handler),
        Err(LineError::NoInput(number)) => {
            log::warn!("{irq:?} is not connected: no I/O APIC has input {number}");
        }
        Err(LineError::InUse | LineError::NoSuchLine) => panic!("{irq:?} has a handler"),
    }
}

/// The reason why a line can't have a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineError {
    /// The number isn't below [`LINES`].
    NoSuchLine,
    /// The line has a handler already.
    InUse,
    /// No I/O APIC has the input with this number, to which the line is connected.
    NoInput(u32),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchLine => write!(f, "there are {LINES} interrupt lines"),
            Self::InUse => f.write_str("the interrupt line has a handler"),
            Self::NoInput(number) => write!(f, "no I/O APIC has input {number}"),
        }
    }
}

impl core::error::Error for LineError {}

/// A line with a handler. Dropping it masks the line and removes the handler.
#[derive(Debug)]
pub struct LineHandler {
    line: u8,
}

impl LineHandler {
    /// Registers `handler` for the interrupts of `line`, and unmasks it. Not for interrupt context.
    ///
    /// # Errors
    /// See [`LineError`].
    pub fn try_new(
        controllers: Controllers,
        line: u8,
        handler: Arc<dyn Handler>,
    ) -> Result<Self, LineError> {
        Self::connect(controllers, line, Registered::Object(handler))
    }

    /// Sets the handler and unmasks the line.
    ///
    /// An edge that came while the input was masked is lost, and the device may raise no other edge
    /// until it has been served. So this function also runs the handler once.
    fn connect(
        _controllers: Controllers,
        line: u8,
        handler: Registered,
    ) -> Result<Self, LineError> {
        let slot = LINE_SLOTS.get(usize::from(line)).ok_or(LineError::NoSuchLine)?;
        if !slot.try_set(handler) {
            return Err(LineError::InUse);
        }
        let is_level = match APIC.get() {
            None => {
                pic::unmask(line);
                false
            }
            Some(apic) => {
                let Input { number, signal } = apic.inputs[usize::from(line)];
                let (vector, target) = (FIRST_LINE_VECTOR + line, apic.target.number() as u8);
                if !io_apic::connect(number, signal, vector, target) {
                    slot.clear();
                    return Err(LineError::NoInput(number));
                }
                signal.is_level
            }
        };
        if !is_level {
            let _interrupts_off = InterruptsOff::new();
            slot.run();
        }
        Ok(Self { line })
    }
}

impl Drop for LineHandler {
    fn drop(&mut self) {
        match input(self.line) {
            None => pic::mask(self.line),
            Some(input) => io_apic::mask(input.number),
        }
        LINE_SLOTS[usize::from(self.line)].clear();
    }
}
