//! Interrupt handlers with a context of their own, which can be registered and removed.

use alloc::sync::Arc;

use spin::Mutex;

use crate::arch::irq::handler_depth;
use crate::arch::irq::interrupt_flag::InterruptsOff;

/// An interrupt handler. It runs with interrupts off, allocates nothing and waits for nothing.
pub trait Handler: Send + Sync {
    /// Handles one interrupt. The device may not have raised it: the line may be shared, or the
    /// device may have been given another vector since.
    fn handle(&self);
}

impl<F: Fn() + Send + Sync> Handler for F {
    fn handle(&self) {
        self();
    }
}

/// A registered handler.
#[derive(Clone)]
pub(in crate::arch) enum Registered {
    /// A function, which needs no allocation.
    Function(fn()),
    /// A handler with a context.
    Object(Arc<dyn Handler>),
}

/// A slot for a handler.
///
/// The lock is held while the handler runs. Only the CPU that receives the interrupt runs the
/// handler. So the removal of a handler waits until the handler has ended.
pub(in crate::arch) struct Slot(Mutex<Option<Registered>>);

impl Slot {
    pub(in crate::arch) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Returns whether there is a handler.
    pub(in crate::arch) fn is_used(&self) -> bool {
        let _interrupts_off = InterruptsOff::new();
        self.0.lock().is_some()
    }

    /// Stores `handler` if the slot is empty. Returns whether it did.
    pub(in crate::arch) fn try_set(&self, handler: Registered) -> bool {
        let _interrupts_off = InterruptsOff::new();
        let mut slot = self.0.lock();
        let is_free = slot.is_none();
        if is_free {
            *slot = Some(handler);
        }
        is_free
    }

    /// Removes the handler; if it runs, waits until it has ended. Not for interrupt
    /// context, because dropping the handler may free memory. Interrupts are on, or the
    /// handler has never run.
    pub(in crate::arch) fn clear(&self) {
        assert!(!handler_depth::is_in_interrupt(), "a handler can't remove itself");
        // The handler may be running on another CPU. Interrupts are on between the attempts, so
        // this CPU answers requests that the handler may wait for.
        loop {
            let interrupts_off = InterruptsOff::new();
            if let Some(mut slot) = self.0.try_lock() {
                let handler = slot.take();
                drop(slot);
                drop(interrupts_off);
                return drop(handler);
            }
            drop(interrupts_off);
            core::hint::spin_loop();
        }
    }

    /// Runs the handler, in an interrupt. Returns whether there is one.
    pub(in crate::arch) fn run(&self) -> bool {
        let slot = self.0.lock();
        match &*slot {
            Some(Registered::Function(function)) => function(),
            Some(Registered::Object(handler)) => handler.handle(),
            None => {}
        }
        slot.is_some()
    }
}
