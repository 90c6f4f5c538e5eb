//! An action that runs on each CPU again and again, in the handler of its timer's interrupt.
//!
//! Each CPU has its own deadline, which [`start_here`] sets; while it has none, a timer interrupt
//! only reads one word. The timer doesn't interrupt code that has interrupts off: the action runs
//! when that turns them on again.

use core::sync::atomic::AtomicU64;

use spin::Once;

use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::time::clock;
use crate::arch::time::timer::{self, NEVER_NS, Timer};
use crate::per_cpu;

per_cpu! {
    /// When the action is due on this CPU, in nanoseconds on the kernel's clock.
    static DUE_NS: AtomicU64 = AtomicU64::new(NEVER_NS);
    /// The time from the end of an action to the next one.
    static PERIOD_NS: AtomicU64 = AtomicU64::new(0);
}

static ACTION: Once<fn()> = Once::new();

/// Registers the action, which runs in an interrupt handler.
///
/// # Panics
/// If there is one already.
pub fn register(timer: Timer, action: fn()) {
    assert!(!ACTION.is_completed(), "there is one action");
    ACTION.call_once(|| action);
    timer.add_handler(at_interrupt);
}

/// Runs the action on this CPU every `period_ns` from now on.
pub fn start_here(period_ns: u64) {
    let _interrupts_off = InterruptsOff::new();
    PERIOD_NS.set(period_ns);
    set_next();
}

/// Runs the action on this CPU no more.
pub fn stop_here() {
    DUE_NS.set(NEVER_NS);
}

/// Returns whether the action runs on this CPU.
pub fn is_started_here() -> bool {
    DUE_NS.get() != NEVER_NS
}

/// Sets the next deadline. Interrupts are off. The period begins at the end of an action, so that
/// the interrupted code continues in any case.
fn set_next() {
    let due_ns = clock::now_ns().saturating_add(PERIOD_NS.get()).min(NEVER_NS - 1);
    DUE_NS.set(due_ns);
    timer::set_deadline(due_ns);
}

/// Runs the action if it is due; otherwise sets the timer to its time. Called by the timer's
/// interrupt handler.
fn at_interrupt() {
    let due_ns = DUE_NS.get();
    if due_ns == NEVER_NS {
        return;
    }
    if clock::now_ns() < due_ns {
        timer::set_deadline(due_ns);
        return;
    }
    if let Some(action) = ACTION.get() {
        action();
    }
    set_next();
}
