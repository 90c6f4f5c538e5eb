//! When a thread may be made to give its processor up.
//!
//! Who wants that sets a mark ([`request`]). It is looked at when an interrupt handler
//! ends and when interrupts are turned on again, and then the scheduler is called, unless
//! a [`PreemptionOff`](crate::arch::irq::preemption_off::PreemptionOff) forbids it.

use core::sync::atomic::Ordering;

use spin::Once;

use crate::arch::cpu::percpu::{self, PerCpu};

/// Gives the processor to whom the scheduler chooses; called with interrupts off, and
/// with nothing else held.
pub type Hook = fn();

static HOOK: Once<Hook> = Once::new();

/// Registers the scheduler.
pub fn set_hook(hook: Hook) {
    HOOK.call_once(|| hook);
}

/// Asks for the scheduler on this processor, as soon as that may be.
#[inline]
pub fn request() {
    percpu::current().needs_reschedule.store(true, Ordering::Relaxed);
}

/// Takes the mark away: the scheduler is about to choose.
#[inline]
pub fn clear_request() {
    percpu::current().needs_reschedule.store(false, Ordering::Relaxed);
}

/// Tells whether the scheduler is asked for on this processor.
#[inline]
pub fn is_requested() -> bool {
    percpu::current().needs_reschedule.load(Ordering::Relaxed)
}

/// Tells whether preemption is forbidden on this processor.
pub fn is_off() -> bool {
    percpu::preemption_off_depth() > 0
}

/// Calls the scheduler if it is asked for and may be called. Interrupts are off; whatever
/// kept them off has ended.
#[inline]
pub(in crate::arch) fn run_if_due(cpu: &'static PerCpu) {
    if cpu.needs_reschedule.load(Ordering::Relaxed) {
        run(cpu);
    }
}

#[cold]
fn run(mut cpu: &'static PerCpu) {
    let Some(hook) = HOOK.get() else {
        return;
    };
    while cpu.needs_reschedule.load(Ordering::Relaxed)
        && cpu.preemption_off_depth.load(Ordering::Relaxed) == 0
        && !cpu.is_in_interrupt()
    {
        hook();
        // It may be another one now.
        cpu = percpu::current();
    }
}
