//! What each processor has for itself, found by its GS base.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use x86_64::VirtAddr;
use x86_64::registers::model_specific::GsBase;

use super::gdt::Tables;

/// One processor's own data.
///
/// Only its processor writes it, so relaxed atomics do: they are there because
/// an interrupt handler may run between any two instructions.
#[repr(C)]
pub struct PerCpu {
    /// This structure's own address, at GS:0.
    this: &'static PerCpu,
    /// The processor's number, from 0.
    pub id: u32,
    held_ranks: AtomicU32,
    /// How many `InterruptsOff` there are.
    pub(super) interrupts_off_depth: AtomicU32,
    /// Whether interrupts were on before the first of them.
    pub(super) were_interrupts_on: AtomicBool,
    /// What is added to this processor's time stamp counter, so that it shows what the
    /// boot processor's does.
    tsc_offset: AtomicU64,
    /// The [`Context`](super::context::Context) that runs, as its address.
    pub(super) running_context: AtomicU64,
    /// Set while an exception is to be reported and then skipped.
    pub(super) is_skipping_exceptions: AtomicBool,
    /// How many interrupt handlers are running, one within another.
    pub(super) interrupt_depth: AtomicU32,
    /// How often each vector was entered.
    pub(super) vector_counts: [AtomicU64; 256],
    pub(super) spurious_counts: [AtomicU64; 2],
    /// The GDT and the TSS.
    pub tables: Tables,
}

impl PerCpu {
    const fn new(id: u32, this: &'static PerCpu) -> Self {
        Self {
            this,
            id,
            held_ranks: AtomicU32::new(0),
            interrupts_off_depth: AtomicU32::new(0),
            were_interrupts_on: AtomicBool::new(false),
            tsc_offset: AtomicU64::new(0),
            running_context: AtomicU64::new(0),
            is_skipping_exceptions: AtomicBool::new(false),
            interrupt_depth: AtomicU32::new(0),
            vector_counts: [const { AtomicU64::new(0) }; 256],
            spurious_counts: [const { AtomicU64::new(0) }; 2],
            tables: Tables::new(),
        }
    }

    /// Returns what makes this processor's time stamp counter the boot processor's.
    #[inline]
    pub fn tsc_offset(&self) -> u64 {
        self.tsc_offset.load(Ordering::Relaxed)
    }

    /// Returns how often this processor entered `vector`.
    pub fn vector_count(&self, vector: u8) -> u64 {
        self.vector_counts[usize::from(vector)].load(Ordering::Relaxed)
    }

    /// Tells whether this processor is handling a device's interrupt.
    pub fn is_in_interrupt(&self) -> bool {
        self.interrupt_depth.load(Ordering::Relaxed) > 0
    }

    /// Returns the ranks of the locks that this processor holds, a bit each.
    pub fn held_ranks(&self) -> u32 {
        self.held_ranks.load(Ordering::Relaxed)
    }

    /// Replaces the ranks of the locks that this processor holds.
    pub fn set_held_ranks(&self, ranks: u32) {
        self.held_ranks.store(ranks, Ordering::Relaxed);
    }
}

static BOOT_CPU: PerCpu = PerCpu::new(0, &BOOT_CPU);

/// Makes [`current`] work on the boot processor. The first step of all: locks
/// and interrupts need it.
pub fn start() -> &'static PerCpu {
    GsBase::write(VirtAddr::from_ptr(&BOOT_CPU));
    &BOOT_CPU
}

/// Returns the data of the processor that this runs on.
#[inline]
pub fn current() -> &'static PerCpu {
    let this: *const PerCpu;
    // SAFETY: GS points at a `PerCpu` (invariant 1 of `arch`), whose first field
    // is its own address.
    unsafe {
        asm!("mov {}, gs:[0]", out(reg) this, options(nostack, preserves_flags, readonly, pure));
    }
    // SAFETY: `this` is the `&'static PerCpu` that was just read.
    unsafe { &*this }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn current_is_the_boot_processor() {
        assert!(core::ptr::eq(current(), &raw const BOOT_CPU));
        assert!(core::ptr::eq(current().this, current()));
    }
}
