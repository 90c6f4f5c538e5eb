//! Preemption: requests for it, and times during which it is forbidden.
//!
//! Preemption is requested by a per-CPU flag ([`request`]). The flag is checked when an interrupt
//! handler ends and when interrupts are turned on again. If it is set, the scheduler is called,
//! unless a [`PreemptionOff`](crate::arch::irq::preemption_off::PreemptionOff) forbids it.

use core::sync::atomic::{AtomicBool, AtomicU32};

use spin::Once;

use crate::arch::irq::handler_depth::is_in_interrupt;
use crate::per_cpu;

/// Switches to the thread that the scheduler picks. Called with interrupts off and no lock held.
pub type Hook = fn();

per_cpu! {
    /// Whether preemption is requested. Other CPUs set it, too.
    pub(in crate::arch) static NEEDS_RESCHEDULE: AtomicBool = AtomicBool::new(false);
    /// The number of values of type `PreemptionOff`.
    pub(in crate::arch) static OFF_DEPTH: AtomicU32 = AtomicU32::new(0);
}

static HOOK: Once<Hook> = Once::new();

/// Registers the scheduler.
pub fn set_hook(hook: Hook) {
    HOOK.call_once(|| hook);
}

/// Requests preemption on this CPU, as soon as it is allowed.
#[inline]
pub fn request() {
    NEEDS_RESCHEDULE.set(true);
}

/// Clears the request: the scheduler is about to pick a thread.
#[inline]
pub fn clear_request() {
    NEEDS_RESCHEDULE.set(false);
}

/// Returns whether preemption is requested on this CPU.
#[inline]
pub fn is_requested() -> bool {
    NEEDS_RESCHEDULE.get()
}

/// Counts a new `PreemptionOff` of this CPU, by one instruction.
#[inline]
pub(in crate::arch) fn forbid() {
    OFF_DEPTH.increment();
}

/// Counts the end of a `PreemptionOff` of this CPU, by one instruction.
#[inline]
pub(in crate::arch) fn allow() {
    OFF_DEPTH.decrement();
}

/// Returns whether preemption is forbidden on this CPU.
pub fn is_off() -> bool {
    OFF_DEPTH.get() > 0
}

/// Calls the scheduler if preemption is requested and allowed. Interrupts are off, but no
/// `InterruptsOff` keeps them off.
#[inline]
pub(in crate::arch) fn run_if_due() {
    if NEEDS_RESCHEDULE.get() {
        run();
    }
}

#[cold]
fn run() {
    let Some(hook) = HOOK.get() else {
        return;
    };
    // After the hook, the thread may be on another CPU.
    while NEEDS_RESCHEDULE.get() && !is_off() && !is_in_interrupt() {
        hook();
    }
}
