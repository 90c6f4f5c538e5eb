//! The interrupt flag.

use core::arch::asm;
use core::marker::PhantomData;
use core::sync::atomic::Ordering;

use x86_64::VirtAddr;
use x86_64::instructions::interrupts;
use x86_64::registers::rflags::{self, RFlags};

use crate::arch::cpu::percpu::{self, PerCpu};
use crate::arch::debug::backtrace::Backtrace;
use crate::arch::irq::preemption;
use crate::arch::time::clock;

/// Tells whether this processor takes interrupts.
pub fn are_enabled() -> bool {
    rflags::read().contains(RFlags::INTERRUPT_FLAG)
}

/// Keeps interrupts off on this processor while it lives.
///
/// When the last one of a processor is dropped, in whatever order, interrupts
/// are as they were before the first.
pub struct InterruptsOff {
    /// It is one processor's affair.
    _not_send: PhantomData<*const ()>,
}

impl InterruptsOff {
    /// Turns interrupts off on this processor.
    #[expect(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        let were_on = are_enabled();
        interrupts::disable();
        let cpu = percpu::current();
        let depth = cpu.interrupts_off_depth.load(Ordering::Relaxed);
        if depth == 0 {
            cpu.were_interrupts_on.store(were_on, Ordering::Relaxed);
            cpu.off_since_tsc.store(clock::read_tsc(), Ordering::Relaxed);
        }
        cpu.interrupts_off_depth.store(depth + 1, Ordering::Relaxed);
        Self { _not_send: PhantomData }
    }

    /// Sleeps until the next interrupt was handled, if this is the only one and
    /// interrupts were on before it; they are off again on return. An interrupt
    /// that came since they were turned off ends the sleep at once. Returns whether
    /// it has slept.
    pub fn wait(&self) -> bool {
        let cpu = percpu::current();
        let is_only = cpu.interrupts_off_depth.load(Ordering::Relaxed) == 1;
        if is_only && cpu.were_interrupts_on.load(Ordering::Relaxed) {
            // SAFETY: it waits for an interrupt, which STI lets in only behind HLT's begin.
            // Handlers may look at memory.
            unsafe { asm!("sti", "hlt", "cli", options(nostack)) };
            cpu.off_since_tsc.store(clock::read_tsc(), Ordering::Relaxed);
            true
        } else {
            core::hint::spin_loop();
            false
        }
    }
}

impl Drop for InterruptsOff {
    fn drop(&mut self) {
        let cpu = percpu::current();
        let depth = cpu.interrupts_off_depth.load(Ordering::Relaxed) - 1;
        cpu.interrupts_off_depth.store(depth, Ordering::Relaxed);
        if depth == 0 && cpu.were_interrupts_on.load(Ordering::Relaxed) {
            preemption::run_if_due(cpu);
            note_end();
            interrupts::enable();
        }
    }
}

/// For how long interrupts were off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongestOff {
    /// The processor.
    pub processor: u32,
    /// In ticks of the time stamp counter.
    pub ticks: u64,
    /// Who has turned them on again: an address in the function that called it.
    pub ended_by: VirtAddr,
}

/// Returns when interrupts were off for longest since the start, on any processor, for the
/// sake of an [`InterruptsOff`].
pub fn longest_off() -> Option<LongestOff> {
    let of = |cpu: &'static PerCpu| LongestOff {
        processor: cpu.id,
        ticks: cpu.longest_off_ticks.load(Ordering::Relaxed),
        ended_by: VirtAddr::new_truncate(cpu.longest_off_by.load(Ordering::Relaxed)),
    };
    percpu::all().map(of).max_by_key(|longest| longest.ticks)
}

/// Notes that interrupts are about to be on again, for the sake of the last
/// [`InterruptsOff`].
#[inline]
fn note_end() {
    let cpu = percpu::current();
    let ticks = clock::read_tsc().wrapping_sub(cpu.off_since_tsc.load(Ordering::Relaxed));
    if ticks > cpu.longest_off_ticks.load(Ordering::Relaxed) {
        note_longest(cpu, ticks);
    }
}

#[cold]
fn note_longest(cpu: &PerCpu, ticks: u64) {
    cpu.longest_off_ticks.store(ticks, Ordering::Relaxed);
    let caller = Backtrace::here().nth(1).map_or(0, VirtAddr::as_u64);
    cpu.longest_off_by.store(caller, Ordering::Relaxed);
}

/// Tells whether an [`InterruptsOff`] lives on this processor.
pub(in crate::arch) fn are_kept_off() -> bool {
    percpu::interrupts_off_depth() > 0
}

/// Tells whether a thread could wait here: interrupts are on, preemption isn't off, and
/// no interrupt is being handled.
pub fn may_wait() -> bool {
    are_enabled() && !preemption::is_off() && !percpu::is_in_interrupt()
}

/// Returns whether interrupts were on before the one [`InterruptsOff`] that lives on this
/// processor: the scheduler keeps that for a thread that it leaves.
pub fn were_on() -> bool {
    let cpu = percpu::current();
    debug_assert_eq!(cpu.interrupts_off_depth.load(Ordering::Relaxed), 1);
    cpu.were_interrupts_on.load(Ordering::Relaxed)
}

/// Sets what the one [`InterruptsOff`] that lives on this processor restores: for the
/// thread that goes on here now.
pub fn set_were_on(were_on: bool) {
    let cpu = percpu::current();
    debug_assert_eq!(cpu.interrupts_off_depth.load(Ordering::Relaxed), 1);
    cpu.were_interrupts_on.store(were_on, Ordering::Relaxed);
}

/// Turns interrupts on, on a processor that begins.
pub fn enable_here() {
    interrupts::enable();
}

/// Ends the [`InterruptsOff`] of who has switched to a new thread, which has none itself,
/// and turns interrupts on.
pub fn begin_thread() {
    let cpu = percpu::current();
    debug_assert_eq!(cpu.interrupts_off_depth.load(Ordering::Relaxed), 1);
    cpu.interrupts_off_depth.store(0, Ordering::Relaxed);
    preemption::run_if_due(cpu);
    note_end();
    interrupts::enable();
}

/// Stops this processor for good.
pub fn halt() -> ! {
    loop {
        // SAFETY: stopping is what is asked for; a non-maskable interrupt ends
        // `hlt`, the loop goes back to it.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}
