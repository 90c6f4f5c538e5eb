//! CPUs that have stopped for ever, and the places where they stopped.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::arch::cpu::percpu::Cpu;
use crate::arch::irq::interrupt_flag;
use crate::per_cpu;

per_cpu! {
    /// Whether this CPU has stopped; if so, the instruction and the value of RBP at that point.
    static STOPPED_AT: AtomicU64 = AtomicU64::new(0);
    static STOPPED_FRAME: AtomicU64 = AtomicU64::new(0);
    static IS_STOPPED: AtomicBool = AtomicBool::new(false);
}

/// Returns the place where `cpu` stopped for ever: the instruction, and the value of RBP.
pub fn stopped_at(cpu: &Cpu) -> Option<(u64, u64)> {
    let is_stopped = IS_STOPPED.of(cpu).load(Ordering::Acquire);
    is_stopped.then(|| {
        let [at, frame] = [STOPPED_AT.of(cpu), STOPPED_FRAME.of(cpu)];
        (at.load(Ordering::Relaxed), frame.load(Ordering::Relaxed))
    })
}

/// Stops this CPU for ever, and records the place: the instruction, and `frame`, the
/// value of RBP.
pub(in crate::arch) fn stop_here(instruction: u64, frame: u64) -> ! {
    if IS_STOPPED.get() {
        interrupt_flag::halt();
    }
    STOPPED_AT.set(instruction);
    STOPPED_FRAME.set(frame);
    IS_STOPPED.here().store(true, Ordering::Release);
    interrupt_flag::halt()
}
