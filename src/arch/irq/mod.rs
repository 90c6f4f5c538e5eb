//! Interrupts of devices: the controllers that deliver them, their handlers, and their
//! counts.
//!
//! Either the PICs deliver them, or the I/O APICs and local APICs. In both cases line N
//! has the same vector.

pub mod device_vectors;
mod handler;
mod handler_depth;
pub mod interrupt_flag;
pub mod io_apic;
pub mod ipi;
pub mod local_apic;
pub mod pic;
pub mod preemption;
pub mod preemption_off;
pub mod vectors;

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use spin::Once;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::id::ApicId;
use crate::arch::cpu::percpu::{self, Cpu};
use crate::arch::init_order::{Controllers, Idt, Interrupts, Pic};
use crate::arch::irq::handler::{Registered, Slot};
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::irq::vectors::{
    APIC_ERROR_VECTOR, APIC_SPURIOUS_VECTOR, FIRST_LINE_VECTOR, LINES,
};
use crate::per_cpu;

pub use handler::Handler;
pub use handler_depth::is_in_interrupt;

/// A line of the interrupt controllers that the kernel uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Irq {
    /// PIT channel 0.
    Timer = 0,
    /// The 8042's first port.
    Keyboard = 1,
    /// The first serial port.
    Com1 = 4,
}

/// The device that a PC connects to each line.
///
/// Source: PC/AT Technical Reference, "System interrupts"; ACPI, "SCI interrupt", for
/// line 9; Intel 500 series PCH datasheet, "Interrupt mapping", for line 12.
pub const LINE_NAMES: [&str; LINES as usize] = [
    "timer (PIT channel 0)",
    "keyboard",
    "cascade to the second PIC",
    "COM2, COM4",
    "COM1, COM3",
    "LPT2, sound",
    "floppy disk",
    "LPT1, spurious",
    "clock (CMOS)",
    "ACPI",
    "free",
    "free",
    "mouse (PS/2)",
    "coprocessor",
    "first ATA channel",
    "second ATA channel, spurious",
];

/// The controllers that deliver the devices' interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActiveController {
    /// The two PICs.
    Pic,
    /// I/O APICs and local APICs.
    Apic,
}

/// Which of the controllers may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApicChoice {
    /// The APICs if possible, otherwise the PICs.
    #[default]
    All,
    /// The APICs, but not in x2APIC mode: only with registers in memory.
    InMemory,
    /// No APICs: the PICs deliver the interrupts.
    No,
}

/// The state of the APICs, if they deliver the interrupts.
static APIC: Once<Apic> = Once::new();

struct Apic {
    /// The input that each line is connected to.
    inputs: [Input; LINES as usize],
    /// The ID of the local APIC that receives the devices' interrupts.
    target: ApicId,
}

/// An input of the I/O APICs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its number among the inputs of all I/O APICs.
    pub number: u32,
    /// How it signals an interrupt.
    pub signal: io_apic::Signal,
}

/// The handlers of lines.
static LINE_SLOTS: [Slot; LINES as usize] = [const { Slot::new() }; LINES as usize];

/// The handlers of vectors of the local APIC, which are never removed. All CPUs may run
/// them at once.
static LOCAL_HANDLERS: [Once<fn()>; 256] = [const { Once::new() }; 256];

/// Chooses the PICs.
pub fn use_pic(_pic: Pic) -> Controllers {
    Controllers(())
}

/// Chooses the I/O APICs and local APICs, and masks the PICs. Line N is connected to `inputs[N]`,
/// and is sent to this CPU.
pub fn use_apic(pic: Pic, inputs: [Input; LINES as usize]) -> Controllers {
    pic::mask_all(pic);
    APIC.call_once(|| Apic { inputs, target: local_apic::id() });
    set_local_handler(APIC_ERROR_VECTOR, || {
        log::error!("the local APIC has seen errors: {:#04x}", local_apic::take_errors());
    });
    Controllers(())
}

/// Returns the controllers that deliver the interrupts.
pub fn active_controller() -> ActiveController {
    if APIC.is_completed() { ActiveController::Apic } else { ActiveController::Pic }
}

/// Returns the input of `line`, if the I/O APICs deliver the interrupts.
pub fn input(line: u8) -> Option<Input> {
    APIC.get().and_then(|apic| apic.inputs.get(usize::from(line))).copied()
}

/// Registers `handler` for the interrupts of `irq`, for ever, and unmasks the line. Does
/// nothing but log a warning if no controller has the line.
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

/// Why a line can't have a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineError {
    /// The number isn't below [`LINES`].
    NoSuchLine,
    /// It has a handler.
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
    /// An edge that came while the input was masked is lost, and a device that waits for
    /// it to be served raises no other. So this function also runs the handler once, as
    /// if for such an edge.
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

/// Registers `handler` for the interrupts at `vector`, which local APICs send.
///
/// # Panics
/// If `vector` has a handler.
pub(in crate::arch) fn set_local_handler(vector: u8, handler: fn()) {
    let slot = &LOCAL_HANDLERS[usize::from(vector)];
    assert!(!slot.is_completed(), "vector {vector:#x} has a handler");
    slot.call_once(|| handler);
}

/// Turns interrupts on for the first time.
pub fn start(_idt: Idt, _controllers: Controllers) -> Interrupts {
    boot_stage::mark(Stage::Interrupts);
    x86_64::instructions::interrupts::enable();
    log::info!("interrupts on");
    Interrupts(())
}

per_cpu! {
    /// The number of entries of each vector.
    static VECTOR_COUNTS: [AtomicU64; 256] = [const { AtomicU64::new(0) }; 256];
    /// The numbers of spurious interrupts of the first and the second PIC.
    static SPURIOUS_COUNTS: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
}

/// Returns how often this CPU has entered `vector`.
pub fn count(vector: u8) -> u64 {
    count_on(percpu::current(), vector)
}

/// Returns how often `cpu` has entered `vector`.
pub fn count_on(cpu: &Cpu, vector: u8) -> u64 {
    VECTOR_COUNTS.of(cpu)[usize::from(vector)].load(Ordering::Relaxed)
}

/// Counts an entry of `vector` on this CPU; returns the new count.
pub(in crate::arch) fn note_entry(vector: u8) -> u64 {
    let count = &VECTOR_COUNTS.here()[usize::from(vector)];
    let times = count.load(Ordering::Relaxed) + 1;
    count.store(times, Ordering::Relaxed);
    times
}

/// Returns the numbers of spurious interrupts on this CPU: (IRQ 7, IRQ 15).
pub fn spurious_counts() -> (u64, u64) {
    let [first, second] = SPURIOUS_COUNTS.here();
    (first.load(Ordering::Relaxed), second.load(Ordering::Relaxed))
}

/// Returns whether the interrupts of `line` have a handler.
///
/// # Panics
/// If `line` isn't below [`LINES`].
pub fn has_handler(line: u8) -> bool {
    LINE_SLOTS[usize::from(line)].is_used()
}

/// Returns whether the interrupts at `vector`, which belongs to no line, have a handler.
pub fn has_local_handler(vector: u8) -> bool {
    LOCAL_HANDLERS[usize::from(vector)].is_completed()
}

/// Returns whether the active controller masks `line`.
pub fn is_masked(line: u8) -> bool {
    match input(line) {
        None => pic::masks() >> line & 1 == 1,
        Some(input) => io_apic::is_masked(input.number),
    }
}

/// Handles the interrupt at `vector`, which has been entered `times` times.
pub(in crate::arch) fn dispatch(vector: u8, times: u64) {
    handler_depth::run(|| handle(vector, times));
}

fn handle(vector: u8, times: u64) {
    let line = vector.wrapping_sub(FIRST_LINE_VECTOR);
    if line >= LINES {
        dispatch_local(vector, times);
        return;
    }
    let is_apic = active_controller() == ActiveController::Apic;
    let slot = &LINE_SLOTS[usize::from(line)];
    // With APICs, spurious interrupts have their own vector; those here come from the
    // PICs, which can raise them although masked.
    let is_spurious = match is_apic {
        true => !slot.is_used() && !local_apic::is_in_service(vector),
        false => pic::is_spurious(line),
    };
    if is_spurious {
        let counts = SPURIOUS_COUNTS.here();
        counts[usize::from(line / 8)].fetch_add(1, Ordering::Relaxed);
        return;
    }
    if !slot.run() && times == 1 {
        log::warn!("IRQ {line} has no handler; reported once, then only counted");
    }
    if is_apic {
        local_apic::end_of_interrupt();
    } else {
        pic::end_of_interrupt(line);
    }
}

fn dispatch_local(vector: u8, times: u64) {
    if vector == APIC_SPURIOUS_VECTOR {
        // It isn't in service, so it needs no end of interrupt.
        return;
    }
    if let Some(handler) = LOCAL_HANDLERS[usize::from(vector)].get() {
        // Before the handler, which may switch to another thread.
        local_apic::end_of_interrupt();
        return handler();
    }
    // Before the handler, so that a message during the handler raises another interrupt.
    // An INT instruction isn't in service.
    if local_apic::is_started() && local_apic::is_in_service(vector) {
        local_apic::end_of_interrupt();
    }
    if !device_vectors::dispatch(vector) && times == 1 {
        log::warn!(
            "unexpected interrupt at vector {vector:#04x}; reported once, then only counted"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::debug::provoke;
    use crate::testing::ShouldPanic;
    use core::arch::asm;

    /// Raises a vector by an INT instruction.
    macro_rules! interrupt {
        ($vector:literal) => {
            // SAFETY: the vector has a handler, which returns.
            unsafe { asm!("int {}", const $vector) }
        };
    }

    #[test_case]
    fn unexpected_vectors_are_counted() {
        let before = count(0xF3);
        interrupt!(0xF3);
        interrupt!(0xF3);
        assert_eq!(count(0xF3), before + 2);
    }

    #[test_case]
    fn lines_with_a_handler_are_let_through() {
        assert!(has_handler(Irq::Keyboard as u8) && !is_masked(Irq::Keyboard as u8));
        assert!(!has_handler(14) && is_masked(14));
    }

    #[test_case]
    fn spurious_interrupts_are_distinguished() {
        let (first, second) = spurious_counts();
        // Nothing is in service, so these look like spurious interrupts.
        interrupt!(0x27);
        interrupt!(0x2F);
        assert_eq!(spurious_counts(), (first + 1, second + 1));
    }

    /// Registers `handler` for a vector and raises it.
    fn handle_interrupt(handler: fn()) {
        LOCAL_HANDLERS[0xF8].call_once(|| handler);
        interrupt!(0xF8);
    }

    #[test_case]
    const OVERFLOW_IN_A_HANDLER_IS_REPORTED: ShouldPanic = ShouldPanic::new(
        "irq::overflow_in_a_handler_is_reported",
        "overflow of the boot stack",
        || {
            handle_interrupt(|| {
                provoke::overflow_stack();
            });
        },
    );

    #[test_case]
    const HANDLERS_DO_NOT_ALLOCATE: ShouldPanic = ShouldPanic::new(
        "irq::handlers_do_not_allocate",
        "an interrupt handler uses the heap",
        || handle_interrupt(|| drop(core::hint::black_box(alloc::boxed::Box::new(1_u8)))),
    );
}
