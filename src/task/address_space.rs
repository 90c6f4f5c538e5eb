//! The address space that a thread runs in.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::smp::tlb;
use crate::mm::user::address_space::AddressSpace;
use crate::sync::{IrqMutex, Rank};

/// The address space of a thread; a thread of the kernel has none.
pub(super) struct OwnAddressSpace {
    /// Whether there is one: threads of the kernel pay nothing but this look.
    is_some: AtomicBool,
    /// Taken by the thread, and by the scheduler when it comes back to it.
    space: IrqMutex<Option<Arc<AddressSpace>>>,
}

impl OwnAddressSpace {
    pub(super) const fn new() -> Self {
        Self { is_some: AtomicBool::new(false), space: IrqMutex::new(Rank::Thread, None) }
    }

    /// Sets the one of a thread that hasn't begun.
    pub(super) fn set(&self, space: Option<Arc<AddressSpace>>) {
        self.is_some.store(space.is_some(), Ordering::Relaxed);
        *self.space.lock() = space;
    }

    /// Returns it.
    pub(super) fn get(&self) -> Option<Arc<AddressSpace>> {
        self.space.lock().clone()
    }

    /// Makes this CPU use it, as the thread is about to run. Interrupts are off.
    #[inline]
    pub(super) fn enter(&self) {
        if !self.is_some.load(Ordering::Relaxed) {
            return tlb::enter_lazy();
        }
        if let Some(space) = &*self.space.lock() {
            space.load();
        }
    }

    /// Leaves it for good: the running thread, whose it is, ends. Takes the heap, and frees
    /// all of the space if it was the last one in it.
    pub(super) fn give_up(&self) {
        if !self.is_some.load(Ordering::Relaxed) {
            return;
        }
        let space = {
            let _interrupts_off = InterruptsOff::new();
            self.is_some.store(false, Ordering::Relaxed);
            tlb::leave_space();
            self.space.lock().take()
        };
        drop(space);
    }
}
