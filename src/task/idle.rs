//! What a CPU does when nobody wants to run: it halts, in a thread that is on no run
//! queue.

use core::sync::atomic::Ordering;

use super::balance;
use super::cpu;
use super::spawn;
use crate::arch::irq::interrupt_flag::{self, InterruptsOff};
use crate::arch::irq::preemption;
use crate::arch::time::clock;

/// Notes that this CPU begins with its idle thread, and idles.
pub(super) fn begin() -> ! {
    let cpu = cpu::this();
    cpu.idle_since_ns.store(clock::now_ns(), Ordering::Relaxed);
    balance::set_idle(cpu, true);
    idle()
}

/// Halts the CPU until something happens, for ever.
pub(super) fn idle() -> ! {
    interrupt_flag::enable_here();
    // What was placed here before this CPU could be asked.
    preemption::request();
    loop {
        spawn::trim_some();
        let interrupts_off = InterruptsOff::new();
        if !preemption::is_requested() {
            interrupts_off.wait();
        }
    }
}
