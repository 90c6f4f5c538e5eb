//! Interrupts of devices: the controllers that deliver them, their handlers, and their
//! counts.
//!
//! Either the PICs deliver them, or the I/O APICs and local APICs. In both cases line N
//! has the same vector.

mod counts;
pub mod device_vectors;
mod handler;
mod handler_depth;
pub mod interrupt_flag;
pub mod io_apic;
pub mod ipi;
mod line_handler;
pub mod local_apic;
pub mod pic;
pub mod preemption;
pub mod preemption_off;
pub mod software_interrupt;
pub mod vectors;

use core::sync::atomic::Ordering;

use spin::Once;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::id::ApicId;
use crate::arch::init_order::{Controllers, Idt, Interrupts, Pic};
use crate::arch::irq::counts::SPURIOUS_COUNTS;
use crate::arch::irq::handler::Slot;
use crate::arch::irq::vectors::{
    APIC_ERROR_VECTOR, APIC_SPURIOUS_VECTOR, FIRST_LINE_VECTOR, LINES,
};
use crate::arch::trap::frame::TrapFrame;

pub(in crate::arch) use counts::note_entry;
pub use counts::{count, count_on, spurious_counts};
pub use handler::Handler;
pub use handler_depth::{Interrupted, has_interrupted_program, interrupted, is_in_interrupt};
pub use line_handler::{LineError, LineHandler, set_handler};

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
    /// The I/O APIC input to which each line is connected.
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

/// Registers `handler` for the interrupts that local APICs send at `vector`.
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

/// Handles an interrupt at `vector`, which has been entered `times` times. `frame` has the registers
/// of the interrupted code.
pub(in crate::arch) fn dispatch(vector: u8, times: u64, frame: &TrapFrame) {
    handler_depth::run(frame, || handle(vector, times));
}

fn handle(vector: u8, times: u64) {
    let line = vector.wrapping_sub(FIRST_LINE_VECTOR);
    if line >= LINES {
        dispatch_local(vector, times);
        return;
    }
    let is_apic = active_controller() == ActiveController::Apic;
    let slot = &LINE_SLOTS[usize::from(line)];
    // With APICs, spurious interrupts have their own vector. Those at this vector come from the
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
        // This interrupt isn't in service, so it needs no end of interrupt.
        return;
    }
    if let Some(handler) = LOCAL_HANDLERS[usize::from(vector)].get() {
        // Before the handler, which may switch to another thread.
        local_apic::end_of_interrupt();
        return handler();
    }
    // Before the handler, so that a message during the handler raises another interrupt. An
    // interrupt that an INT instruction raised isn't in service.
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
mod tests;
