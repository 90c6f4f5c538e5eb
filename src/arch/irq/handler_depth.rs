//! Whether a CPU runs an interrupt handler.

use core::sync::atomic::AtomicU32;

use crate::per_cpu;

per_cpu! {
    /// The number of interrupt handlers that are running, one within another.
    static HANDLER_DEPTH: AtomicU32 = AtomicU32::new(0);
}

/// Returns whether an interrupt handler runs on this CPU.
#[inline]
pub fn is_in_interrupt() -> bool {
    HANDLER_DEPTH.get() > 0
}

/// Runs `handle` as an interrupt handler, with interrupts off.
pub(super) fn run(handle: impl FnOnce()) {
    HANDLER_DEPTH.add(1);
    handle();
    HANDLER_DEPTH.add(1_u32.wrapping_neg());
}
