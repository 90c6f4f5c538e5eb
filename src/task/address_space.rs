//! The address space that a thread runs in, and the registers of its program that only the
//! scheduler saves.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::smp::tlb;
use crate::arch::user::user_state::UserState;
use crate::mm::user::address_space::AddressSpace;
use crate::sync::{IrqMutex, Rank};

/// The address space of a thread; a thread of the kernel has none.
pub(super) struct OwnAddressSpace {
    /// Whether there is one: for threads of the kernel this check is the only cost.
    is_some: AtomicBool,
    /// Taken by the thread, and by the scheduler when it switches to the thread.
    space: IrqMutex<Option<Arc<AddressSpace>>>,
    /// The bases of FS and GS of the program.
    pub(super) user_state: UserState,
}

impl OwnAddressSpace {
    pub(super) const fn new() -> Self {
        Self {
            is_some: AtomicBool::new(false),
            space: IrqMutex::new(Rank::Thread, None),
            user_state: UserState::new(),
        }
    }

    /// Sets the one of a thread that hasn't begun, and the bases of its program.
    pub(super) fn set(&self, space: Option<Arc<AddressSpace>>, user_state: &UserState) {
        self.user_state.copy_from(user_state);
        self.is_some.store(space.is_some(), Ordering::Relaxed);
        *self.space.lock() = space;
    }

    /// Returns whether there is one.
    #[inline]
    pub(super) fn is_some(&self) -> bool {
        self.is_some.load(Ordering::Relaxed)
    }

    /// Returns the address space.
    pub(super) fn get(&self) -> Option<Arc<AddressSpace>> {
        self.space.lock().clone()
    }

    /// Makes this CPU use it, as the thread is about to run.
    #[inline]
    pub(super) fn enter(&self, interrupts_off: &InterruptsOff) {
        if !self.is_some() {
            return tlb::enter_lazy();
        }
        if let Some(space) = &*self.space.lock_within(interrupts_off) {
            space.load();
            self.user_state.load();
        }
    }

    /// Saves what the program may have changed, as its thread is switched out. Interrupts are off.
    #[inline]
    pub(super) fn leave(&self) {
        if self.is_some() {
            self.user_state.save();
        }
    }

    /// Moves the running thread to `space`; the bases of FS and GS are those of a
    /// program that has just started. Returns the space that it was in.
    pub(super) fn replace(&self, space: Arc<AddressSpace>) -> Option<Arc<AddressSpace>> {
        let interrupts_off = InterruptsOff::new();
        self.user_state.copy_from(&UserState::new());
        let before = self.space.lock_within(&interrupts_off).replace(space);
        self.is_some.store(true, Ordering::Relaxed);
        self.enter(&interrupts_off);
        before
    }

    /// Removes the address space of the running thread, which ends. Takes the heap, and frees
    /// all of the space if it was the last one in it.
    pub(super) fn give_up(&self) {
        if !self.is_some() {
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
