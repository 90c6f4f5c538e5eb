//! The counts of interrupts on each CPU.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::arch::cpu::percpu::{self, Cpu};
use crate::per_cpu;

per_cpu! {
    /// How often each vector was entered.
    static VECTOR_COUNTS: [AtomicU64; 256] = [const { AtomicU64::new(0) }; 256];
    /// The numbers of spurious interrupts of the first and the second PIC.
    pub(super) static SPURIOUS_COUNTS: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
}

/// Returns how often this CPU has entered `vector`.
pub fn count(vector: u8) -> u64 {
    count_on(percpu::current(), vector)
}

/// Returns how often `cpu` has entered `vector`.
pub fn count_on(cpu: &Cpu, vector: u8) -> u64 {
    VECTOR_COUNTS.of(cpu)[usize::from(vector)].load(Ordering::Relaxed)
}

/// Counts an entry of `vector` on this CPU; returns the new count.
pub(in crate::arch) fn note_entry(vector: u8) -> u64 {
    let count = &VECTOR_COUNTS.here()[usize::from(vector)];
    let times = count.load(Ordering::Relaxed) + 1;
    count.store(times, Ordering::Relaxed);
    times
}

/// Returns the numbers of spurious interrupts on this CPU: (IRQ 7, IRQ 15).
pub fn spurious_counts() -> (u64, u64) {
    let [first, second] = SPURIOUS_COUNTS.here();
    (first.load(Ordering::Relaxed), second.load(Ordering::Relaxed))
}
