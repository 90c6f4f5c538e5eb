//! What happens at an exception.

use core::sync::atomic::Ordering;

use spin::Once;
use x86_64::registers::rflags::RFlags;

use super::exception::Exception;
use super::report::Report;
use super::trap_frame::TrapFrame;
use super::{fixups, percpu};

/// How many vectors belong to exceptions.
pub const VECTORS: u8 = 32;

/// What happens at an exception that the kernel can't go on from.
pub type FatalHandler = fn(&Report<'_>) -> !;

static FATAL: Once<FatalHandler> = Once::new();

/// Registers what happens at an exception that the kernel can't go on from.
pub fn set_fatal(handler: FatalHandler) {
    FATAL.call_once(|| handler);
}

/// Handles the exception that `frame` tells of.
pub(super) fn handle(frame: &mut TrapFrame) {
    let report = Report::new(frame);
    let is_resumed = Exception::from_vector(frame.vector).is_some_and(Exception::is_resumed);
    if is_resumed {
        log::info!("{report}");
        // A single step is over after one instruction.
        frame.rflags &= !RFlags::TRAP_FLAG.bits();
        return;
    }
    let is_skipping = percpu::current().is_skipping_exceptions.load(Ordering::Relaxed);
    if is_skipping && let Some(landing) = fixups::find(frame.rip) {
        log::info!("{report}");
        frame.rip = landing;
        return;
    }
    match FATAL.get() {
        Some(fatal) => fatal(&report),
        None => super::interrupts::halt(),
    }
}
