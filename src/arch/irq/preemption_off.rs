//! A guard against preemption.

use core::marker::PhantomData;

use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::irq::preemption;

/// Keeps the running thread on its CPU while it lives. Interrupts are not affected.
pub struct PreemptionOff {
    /// Prevents a move to another thread.
    _not_send: PhantomData<*const ()>,
}

impl PreemptionOff {
    /// Forbids preemption.
    #[inline]
    #[expect(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        // From here on the thread stays on the CPU whose count has been incremented.
        preemption::forbid();
        Self { _not_send: PhantomData }
    }
}

impl Drop for PreemptionOff {
    #[inline]
    fn drop(&mut self) {
        preemption::allow();
        if preemption::is_requested() {
            // Dropping `InterruptsOff` serves requests that came in the meantime.
            drop(InterruptsOff::new());
        }
    }
}
