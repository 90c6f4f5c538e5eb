//! Alarms: actions that run once in the timer's interrupt handler, at a time, on the CPU
//! that has set them. Other CPUs' interrupts only look at two words.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::arch::cpu::percpu;
use crate::arch::time::clock;
use crate::arch::time::timer::{self, NEVER_NS};

/// An action and when it is due.
pub struct Alarm {
    due_ns: AtomicU64,
    /// The number of the CPU that has set it.
    cpu: AtomicU32,
    action: fn(),
}

impl Alarm {
    /// Makes an alarm that isn't set. `action` runs in an interrupt handler.
    pub const fn new(action: fn()) -> Self {
        Self { due_ns: AtomicU64::new(NEVER_NS), cpu: AtomicU32::new(0), action }
    }

    /// Sets the alarm to `due_ns` on the kernel's clock, in place of an earlier setting.
    /// Interrupts are off. The alarm has been registered by
    /// [`Timer::add_alarm`](timer::Timer::add_alarm), or will be.
    pub fn set(&self, due_ns: u64) {
        self.cpu.store(percpu::current().id().number(), Ordering::Relaxed);
        self.due_ns.store(due_ns, Ordering::Relaxed);
        timer::set_deadline(due_ns);
    }

    /// Cancels the alarm. An action that runs at this moment isn't waited for.
    pub fn cancel(&self) {
        self.due_ns.store(NEVER_NS, Ordering::Relaxed);
    }

    /// Runs the action if it is due, and sees to it that the timer interrupts again if it
    /// isn't yet. For the timer's interrupt handler.
    pub(in crate::arch::time) fn at_interrupt(&self) {
        let due_ns = self.due_ns.load(Ordering::Relaxed);
        let is_here = self.cpu.load(Ordering::Relaxed) == percpu::current().id().number();
        if due_ns == NEVER_NS || !is_here {
            return;
        }
        if clock::now_ns() < due_ns {
            timer::set_deadline(due_ns);
            return;
        }
        let (order, never) = (Ordering::Relaxed, NEVER_NS);
        if self.due_ns.compare_exchange(due_ns, never, order, order).is_ok() {
            (self.action)();
        }
    }
}
