//! The idle thread of a CPU, which is on no run queue: it halts the CPU until an interrupt.

use core::sync::atomic::Ordering;

use super::balance;
use super::cpu;
use super::spawn;
use crate::arch::irq::interrupt_flag::{self, InterruptsOff};
use crate::arch::irq::preemption;
use crate::arch::time::clock;

/// Records that this CPU is idle from now on, and runs its idle thread.
pub(super) fn begin() -> ! {
    let cpu = cpu::this();
    cpu.idle_since_ns.store(clock::now_ns(), Ordering::Relaxed);
    balance::set_idle(cpu, true);
    idle()
}

/// Halts the CPU until something happens, for ever.
pub(super) fn idle() -> ! {
    interrupt_flag::enable_here();
    // A thread may have been placed here before this CPU took requests.
    preemption::request();
    loop {
        spawn::trim_some();
        let interrupts_off = InterruptsOff::new();
        if !preemption::is_requested() {
            interrupts_off.wait();
        }
    }
}
