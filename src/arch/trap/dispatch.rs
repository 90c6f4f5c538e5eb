//! What happens at an exception.

use core::sync::atomic::AtomicBool;

use spin::Once;
use x86_64::registers::rflags::RFlags;

use crate::arch::smp::stop;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::exception_table;
use crate::arch::trap::frame::TrapFrame;
use crate::arch::trap::report::Report;
use crate::per_cpu;

/// How many vectors belong to exceptions.
pub const VECTORS: u8 = 32;

/// What happens at an exception that the kernel can't go on from.
pub type FatalHandler = fn(&Report<'_>) -> !;

per_cpu! {
    /// Set while an exception is to be reported and then skipped.
    pub(in crate::arch) static IS_SKIPPING: AtomicBool = AtomicBool::new(false);
}

static FATAL: Once<FatalHandler> = Once::new();

/// Registers what happens at an exception that the kernel can't go on from.
pub fn set_fatal(handler: FatalHandler) {
    FATAL.call_once(|| handler);
}

/// What a [`Handler`] makes of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its cause is gone: the kernel goes on at the instruction.
    GoOn,
    /// It is none of the handler's.
    Unhandled,
}

/// What is asked first at an exception. It runs on the stack of the exception's
/// gate, with interrupts off.
pub type Handler = fn(&Report<'_>) -> Outcome;

static HANDLERS: [Once<Handler>; VECTORS as usize] = [const { Once::new() }; VECTORS as usize];

/// Registers what is asked first at `exception`.
///
/// A double fault and a machine check have no way back, whatever the handler
/// says.
///
/// # Panics
/// If it has a handler.
pub fn set_handler(exception: Exception, handler: Handler) {
    let slot = &HANDLERS[exception as usize];
    assert!(!slot.is_completed(), "{exception:?} has a handler");
    slot.call_once(|| handler);
}

/// Handles the exception that `frame` tells of.
pub(in crate::arch) fn handle(frame: &mut TrapFrame) {
    let fixup = exception_table::find(frame.rip);
    // Others come between two instructions, such as the NMI, or tell of the machine.
    let is_answer = matches!(
        Exception::from_vector(frame.vector),
        Some(Exception::PageFault | Exception::GeneralProtection)
    );
    if let Some(fixup) = fixup.filter(|fixup| is_answer && fixup.is_probe()) {
        frame.rip = fixup.landing;
        return;
    }
    if frame.vector == Exception::Nmi as u64 {
        stop::stop_if_asked(frame);
        if stop::answer_where(frame) {
            return;
        }
    }
    let report = Report::new(frame);
    if is_handled(&report) {
        return;
    }
    let is_resumed = Exception::from_vector(frame.vector).is_some_and(Exception::is_resumed);
    if is_resumed {
        log::info!("{report}");
        // A single step is over after one instruction.
        frame.rflags &= !RFlags::TRAP_FLAG.bits();
        return;
    }
    let is_skipping = IS_SKIPPING.get();
    if is_skipping && let Some(fixup) = fixup {
        log::info!("{report}");
        frame.rip = fixup.landing;
        return;
    }
    match FATAL.get() {
        Some(fatal) => fatal(&report),
        None => crate::arch::irq::interrupt_flag::halt(),
    }
}

fn is_handled(report: &Report<'_>) -> bool {
    let Some(exception) = report.exception() else {
        return false;
    };
    let handler = HANDLERS[exception as usize].get();
    let outcome = handler.map_or(Outcome::Unhandled, |handler| handler(report));
    let has_way_back = !matches!(exception, Exception::DoubleFault | Exception::MachineCheck);
    outcome == Outcome::GoOn && has_way_back
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ShouldPanic;

    fn frame(exception: Exception, rip: u64) -> TrapFrame {
        TrapFrame { vector: exception as u64, rip, ..TrapFrame::default() }
    }

    #[test_case]
    fn faults_of_probes_are_answers() {
        let probe = exception_table::first_probe();
        for exception in [Exception::PageFault, Exception::GeneralProtection] {
            let mut frame = frame(exception, probe.instruction());
            handle(&mut frame);
            assert_eq!(frame.rip, probe.landing);
        }
    }

    #[test_case]
    const NMI_AT_A_PROBE_IS_TOLD: ShouldPanic =
        ShouldPanic::new("exceptions::nmi_at_a_probe_is_told", "NMI", || {
            handle(&mut frame(Exception::Nmi, exception_table::first_probe().instruction()));
        });
}
