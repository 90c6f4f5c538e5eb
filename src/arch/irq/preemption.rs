//! When a thread may be made to give its processor up.
//!
//! Who wants that sets a mark ([`request`]). It is looked at when an interrupt handler
//! ends and when interrupts are turned on again, and then the scheduler is called, unless
//! a [`PreemptionOff`](crate::arch::irq::preemption_off::PreemptionOff) forbids it.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU32};

use spin::Once;

use crate::arch::irq::handler_depth::is_in_interrupt;
use crate::per_cpu;

/// Gives the processor to whom the scheduler chooses; called with interrupts off, and
/// with nothing else held.
pub type Hook = fn();

per_cpu! {
    /// The scheduler is asked for. Other CPUs set it, too.
    pub(in crate::arch) static NEEDS_RESCHEDULE: AtomicBool = AtomicBool::new(false);
    /// How many `PreemptionOff` there are.
    pub(in crate::arch) static OFF_DEPTH: AtomicU32 = AtomicU32::new(0);
}

static HOOK: Once<Hook> = Once::new();

/// Registers the scheduler.
pub fn set_hook(hook: Hook) {
    HOOK.call_once(|| hook);
}

/// Asks for the scheduler on this processor, as soon as that may be.
#[inline]
pub fn request() {
    NEEDS_RESCHEDULE.set(true);
}

/// Takes the mark away: the scheduler is about to choose.
#[inline]
pub fn clear_request() {
    NEEDS_RESCHEDULE.set(false);
}

/// Tells whether the scheduler is asked for on this processor.
#[inline]
pub fn is_requested() -> bool {
    let is_requested: u8;
    // SAFETY: GS leads to this CPU's area (invariant 1 of `arch`), which has the variable.
    unsafe {
        asm!("mov {}, gs:[{}]", out(reg_byte) is_requested, sym NEEDS_RESCHEDULE,
            options(nostack, preserves_flags, readonly));
    }
    is_requested != 0
}

/// Counts a `PreemptionOff` of this CPU, by one instruction.
#[inline]
pub(in crate::arch) fn forbid() {
    // SAFETY: GS leads to this CPU's area (invariant 1 of `arch`), which has the variable.
    unsafe { asm!("inc dword ptr gs:[{}]", sym OFF_DEPTH, options(nostack)) };
}

/// Counts a `PreemptionOff` of this CPU less, by one instruction.
#[inline]
pub(in crate::arch) fn allow() {
    // SAFETY: as in `forbid`.
    unsafe { asm!("dec dword ptr gs:[{}]", sym OFF_DEPTH, options(nostack)) };
}

/// Tells whether preemption is forbidden on this processor.
pub fn is_off() -> bool {
    OFF_DEPTH.get() > 0
}

/// Calls the scheduler if it is asked for and may be called. Interrupts are off; whatever
/// kept them off has ended.
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
    // After the hook this may be another CPU.
    while NEEDS_RESCHEDULE.get() && !is_off() && !is_in_interrupt() {
        hook();
    }
}
