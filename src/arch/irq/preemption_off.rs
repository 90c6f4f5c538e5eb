//! Where a thread can't be made to give its processor up.

use core::marker::PhantomData;
use core::sync::atomic::Ordering;

use crate::arch::cpu::percpu;
use crate::arch::irq::interrupt_flag::InterruptsOff;

/// Keeps the running thread on its processor while it lives, with interrupts as they are.
pub struct PreemptionOff {
    /// It is one thread's affair.
    _not_send: PhantomData<*const ()>,
}

impl PreemptionOff {
    /// Forbids preemption.
    #[expect(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        // Or the thread could be on another processor by the time that it counts.
        let _interrupts_off = InterruptsOff::new();
        let depth = &percpu::current().preemption_off_depth;
        depth.store(depth.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        Self { _not_send: PhantomData }
    }
}

impl Drop for PreemptionOff {
    fn drop(&mut self) {
        // Its end does what was asked for meanwhile.
        let _interrupts_off = InterruptsOff::new();
        let depth = &percpu::current().preemption_off_depth;
        depth.store(depth.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
    }
}
