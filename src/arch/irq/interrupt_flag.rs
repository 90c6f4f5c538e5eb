//! Turning interrupts off and on: RFLAGS.IF.

use core::arch::asm;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use x86_64::VirtAddr;
use x86_64::instructions::interrupts;
use x86_64::registers::rflags::{self, RFlags};

use crate::arch::cpu::id::CpuId;
use crate::arch::cpu::percpu::{self, Cpu};
use crate::arch::debug::backtrace::Backtrace;
use crate::arch::irq::handler_depth::is_in_interrupt;
use crate::arch::irq::preemption;
use crate::arch::time::clock;
use crate::per_cpu;

per_cpu! {
    /// The number of values of type `InterruptsOff`.
    static OFF_DEPTH: AtomicU32 = AtomicU32::new(0);
    /// Whether interrupts were on before the first of these values was made.
    static WERE_ON: AtomicBool = AtomicBool::new(false);
    /// When interrupts were turned off, in ticks of the time stamp counter.
    static OFF_SINCE_TSC: AtomicU64 = AtomicU64::new(0);
    /// The longest time for which they were off, in ticks.
    static LONGEST_TICKS: AtomicU64 = AtomicU64::new(0);
    /// An address in the function that turned interrupts on again after the longest time.
    static LONGEST_ENDED_BY: AtomicU64 = AtomicU64::new(0);
}

/// Returns whether interrupts are on on this CPU.
pub fn are_enabled() -> bool {
    rflags::read().contains(RFlags::INTERRUPT_FLAG)
}

/// Keeps interrupts off on this CPU while it lives.
///
/// When the last such value of a CPU is dropped, in whatever order, interrupts are
/// restored to their state before the first one was made.
pub struct InterruptsOff {
    /// Prevents a move to another CPU.
    _not_send: PhantomData<*const ()>,
}

impl InterruptsOff {
    /// Turns interrupts off on this CPU.
    #[expect(clippy::new_without_default, reason = "it does something")]
    #[inline]
    pub fn new() -> Self {
        // If this CPU has an `InterruptsOff`, interrupts are off, so the thread can't have moved.
        if OFF_DEPTH.get() == 0 {
            let were_on = are_enabled();
            interrupts::disable();
            // In this order: a non-maskable interrupt in between whose handler makes an
            // `InterruptsOff` finds the depth changed and doesn't change the other variables.
            OFF_DEPTH.increment();
            WERE_ON.set(were_on);
            note_begin();
        } else {
            OFF_DEPTH.increment();
        }
        Self { _not_send: PhantomData }
    }

    /// Returns whether this value has turned interrupts off: it is the only one of this CPU, and
    /// interrupts were on before it.
    #[inline]
    pub fn has_turned_off(&self) -> bool {
        OFF_DEPTH.get() == 1 && WERE_ON.get()
    }

    /// Sleeps until an interrupt has been handled, if this is the only `InterruptsOff` and
    /// interrupts were on before it. Interrupts are off again on return. A pending interrupt ends
    /// the sleep at once. Returns whether the CPU slept.
    pub fn wait(&self) -> bool {
        if self.has_turned_off() {
            // SAFETY: it waits for an interrupt; STI takes effect only after the next instruction,
            // HLT. Handlers may access memory, which the compiler assumes here.
            unsafe { asm!("sti", "hlt", "cli", options(nostack)) };
            note_begin();
            true
        } else {
            core::hint::spin_loop();
            false
        }
    }
}

impl Drop for InterruptsOff {
    #[inline]
    fn drop(&mut self) {
        // Read before the depth changes, as in `new`.
        let were_on = WERE_ON.get();
        if OFF_DEPTH.decrement() && were_on {
            preemption::run_if_due();
            note_end();
            interrupts::enable();
        }
    }
}

/// A time during which interrupts were off. Only debug builds measure it, because reading
/// the time stamp counter costs as much as the rest of an [`InterruptsOff`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongestOff {
    /// The CPU.
    pub cpu: CpuId,
    /// The time, in ticks of the time stamp counter.
    pub ticks: u64,
    /// An address in the function that turned them on again.
    pub ended_by: VirtAddr,
}

/// Returns the longest time for which an [`InterruptsOff`] kept interrupts off since the
/// start, on any CPU; `None` in release builds.
pub fn longest_off() -> Option<LongestOff> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let of = |cpu: &'static Cpu| LongestOff {
        cpu: cpu.id(),
        ticks: LONGEST_TICKS.of(cpu).load(Ordering::Relaxed),
        ended_by: VirtAddr::new_truncate(LONGEST_ENDED_BY.of(cpu).load(Ordering::Relaxed)),
    };
    percpu::all().map(of).max_by_key(|longest| longest.ticks)
}

/// Records, in debug builds, that an [`InterruptsOff`] turns interrupts off now.
#[inline]
fn note_begin() {
    if cfg!(debug_assertions) {
        OFF_SINCE_TSC.set(clock::read_tsc());
    }
}

/// Records, in debug builds, that the last [`InterruptsOff`] ends now.
#[inline]
fn note_end() {
    if !cfg!(debug_assertions) {
        return;
    }
    let ticks = clock::read_tsc().wrapping_sub(OFF_SINCE_TSC.get());
    if ticks > LONGEST_TICKS.get() {
        note_longest(ticks);
    }
}

#[cold]
fn note_longest(ticks: u64) {
    LONGEST_TICKS.set(ticks);
    let caller = Backtrace::here().nth(1).map_or(0, VirtAddr::as_u64);
    LONGEST_ENDED_BY.set(caller);
}

/// Returns whether there is an [`InterruptsOff`] on this CPU.
pub(in crate::arch) fn are_kept_off() -> bool {
    OFF_DEPTH.get() > 0
}

/// Returns whether a thread may wait here: interrupts are on, preemption isn't off, and no
/// interrupt is being handled.
pub fn may_wait() -> bool {
    are_enabled() && !preemption::is_off() && !is_in_interrupt()
}

/// Returns whether interrupts were on before the only [`InterruptsOff`] of this CPU. The scheduler
/// saves this for a thread that it switches out.
pub fn were_on() -> bool {
    debug_assert_eq!(OFF_DEPTH.get(), 1);
    WERE_ON.get()
}

/// Sets the state that the only [`InterruptsOff`] of this CPU restores. The scheduler calls it for
/// the thread that it switches to.
pub fn set_were_on(were_on: bool) {
    debug_assert_eq!(OFF_DEPTH.get(), 1);
    WERE_ON.set(were_on);
}

/// Turns interrupts on, on a CPU that has just started, or at the end of a thread.
pub fn enable_here() {
    interrupts::enable();
}

/// Turns interrupts off on this CPU, before a return to ring 3.
pub(in crate::arch) fn disable_here() {
    debug_assert_eq!(OFF_DEPTH.get(), 0);
    interrupts::disable();
}

/// Ends the [`InterruptsOff`] of the previous thread, on the first switch to a new thread, which
/// has none, and turns interrupts on.
pub fn begin_thread() {
    debug_assert_eq!(OFF_DEPTH.get(), 1);
    OFF_DEPTH.set(0);
    preemption::run_if_due();
    note_end();
    interrupts::enable();
}

/// Runs `action` with interrupts on, in the handler of an exception of code that had interrupts on.
/// They are off again afterwards, possibly on another CPU.
pub(in crate::arch) fn with_interrupts_on<R>(action: impl FnOnce() -> R) -> R {
    debug_assert_eq!(OFF_DEPTH.get(), 0);
    interrupts::enable();
    let result = action();
    interrupts::disable();
    result
}

/// Stops this CPU for good.
pub fn halt() -> ! {
    loop {
        // SAFETY: stopping is intended; a non-maskable interrupt ends HLT, and the loop repeats it.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}
