//! Whether a CPU runs an interrupt handler.

use core::sync::atomic::{AtomicBool, AtomicU32};

use crate::per_cpu;

per_cpu! {
    /// The number of interrupt handlers that are running, one within another.
    static HANDLER_DEPTH: AtomicU32 = AtomicU32::new(0);
    /// Whether the running handler has interrupted a program.
    static HAS_INTERRUPTED_PROGRAM: AtomicBool = AtomicBool::new(false);
}

/// Returns whether an interrupt handler runs on this CPU.
#[inline]
pub fn is_in_interrupt() -> bool {
    HANDLER_DEPTH.get() > 0
}

/// Returns whether the running interrupt handler of this CPU has interrupted a program in ring 3.
#[inline]
pub fn has_interrupted_program() -> bool {
    HAS_INTERRUPTED_PROGRAM.get()
}

/// Runs `handle` as an interrupt handler, with interrupts off.
pub(super) fn run(is_of_program: bool, handle: impl FnOnce()) {
    HAS_INTERRUPTED_PROGRAM.set(is_of_program);
    HANDLER_DEPTH.increment();
    handle();
    HANDLER_DEPTH.decrement();
}
