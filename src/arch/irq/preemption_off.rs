//! Where a thread can't be made to give its processor up.

use core::marker::PhantomData;

use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::irq::preemption;

/// Keeps the running thread on its processor while it lives, with interrupts as they are.
pub struct PreemptionOff {
    /// It is one thread's affair.
    _not_send: PhantomData<*const ()>,
}

impl PreemptionOff {
    /// Forbids preemption.
    #[inline]
    #[expect(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        // The thread is on the CPU that counts it from then on.
        preemption::forbid();
        Self { _not_send: PhantomData }
    }
}

impl Drop for PreemptionOff {
    #[inline]
    fn drop(&mut self) {
        preemption::allow();
        if preemption::is_requested() {
            // The end of this does what was asked for meanwhile.
            drop(InterruptsOff::new());
        }
    }
}
