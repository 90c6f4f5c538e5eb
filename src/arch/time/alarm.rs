//! Alarms: actions that run once at a given time, in the timer's interrupt handler of the CPU that
//! has set the alarm. On other CPUs a timer interrupt only reads two words for each alarm.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use spin::Once;

use crate::arch::cpu::percpu;
use crate::arch::time::clock;
use crate::arch::time::timer::{self, NEVER_NS, Timer};

const ALARMS_MAX: usize = 4;

static ALARMS: [Once<&'static Alarm>; ALARMS_MAX] = [const { Once::new() }; ALARMS_MAX];

/// Checks all alarms. Called by the timer's interrupt handler.
fn at_interrupt() {
    ALARMS.iter().filter_map(Once::get).for_each(|alarm| alarm.at_interrupt());
}

/// An action, and the time at which it is due.
pub struct Alarm {
    due_ns: AtomicU64,
    /// The number of the CPU that has set the alarm.
    cpu: AtomicU32,
    action: fn(),
}

impl Alarm {
    /// Makes an alarm that isn't set. `action` runs in an interrupt handler.
    pub const fn new(action: fn()) -> Self {
        Self { due_ns: AtomicU64::new(NEVER_NS), cpu: AtomicU32::new(0), action }
    }

    /// Registers the alarm, so that it runs at the times to which it is set.
    ///
    /// # Panics
    /// If there are too many.
    pub fn register(&'static self, timer: Timer) {
        static HANDLER: Once<()> = Once::new();
        let free = ALARMS.iter().find(|slot| !slot.is_completed());
        free.expect("ALARMS_MAX is at least the number of rooms with one").call_once(|| self);
        HANDLER.call_once(|| timer.add_handler(at_interrupt));
    }

    /// Sets the alarm to `due_ns` on the kernel's clock, which replaces an earlier time. Interrupts
    /// are off. The alarm has been [registered](Self::register), or will be.
    pub fn set(&self, due_ns: u64) {
        self.cpu.store(percpu::current().id().number(), Ordering::Relaxed);
        self.due_ns.store(due_ns, Ordering::Relaxed);
        timer::set_deadline(due_ns);
    }

    /// Cancels the alarm. Doesn't wait for an action that is running.
    pub fn cancel(&self) {
        self.due_ns.store(NEVER_NS, Ordering::Relaxed);
    }

    /// Runs the action if it is due; otherwise sets the timer to the alarm's time.
    fn at_interrupt(&self) {
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

#[cfg(test)]
mod tests;
