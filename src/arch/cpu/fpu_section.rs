//! Sections of kernel code that use the vector registers.
//!
//! The compiler doesn't use these registers in the kernel. Code that does is in assembly, or in
//! functions with `#[target_feature]`; safe functions that call it take an [`FpuSection`], which
//! exists only while a section runs.
//!
//! Invariants, while a section runs:
//! 1. Preemption is off, so no other thread uses the registers of this CPU. Interrupts are as before;
//!    their handlers use no vector register, and begin no section.
//! 2. The registers of the running thread are saved, if it has any. So a section needs no memory of its
//!    own, and is never saved itself.
//! 3. CR0.TS is clear. In a thread without registers of its own it is set again afterwards.
//!
//! All functions are compiled where sections are, so a kernel without sections has none of them.
//!
//! Source: Intel SDM volume 1, "Managing State Using the XSAVE Feature Set".

use core::arch::asm;
use core::marker::PhantomData;

use x86_64::registers::xcontrol::XCr0Flags;

use crate::arch::cpu::features;
use crate::arch::cpu::fpu::{self, Chunk, RUNS_SECTION};
use crate::arch::irq::is_in_interrupt;
use crate::arch::irq::preemption_off::PreemptionOff;

/// The parts that instructions for XMM and YMM registers change: with a VEX prefix they also clear
/// the rest of the ZMM register. The x87 registers, the masks and ZMM16 to ZMM31 are not saved.
const CHANGED: u64 = XCr0Flags::SSE.union(XCr0Flags::AVX).union(XCr0Flags::ZMM_HI256).bits();

/// The permission to use the vector registers XMM0 to XMM15 and YMM0 to YMM15, with MXCSR's default
/// at the beginning; not the x87 registers, the masks and ZMM registers.
pub struct FpuSection {
    has_saved: bool,
    /// Prevents a move to another thread.
    _not_send: PhantomData<*const ()>,
}

impl FpuSection {
    /// Returns whether registers were saved for this section: those of the running thread.
    #[inline]
    pub fn has_saved(&self) -> bool {
        self.has_saved
    }

    /// Returns whether code may use AVX2 and FMA.
    #[inline]
    pub fn has_avx2_and_fma(&self) -> bool {
        let cpuid = features::cpuid();
        fpu::parts() & XCr0Flags::AVX.bits() != 0
            && cpuid.get_extended_feature_info().is_some_and(|it| it.has_avx2())
            && cpuid.get_feature_info().is_some_and(|it| it.has_fma())
    }
}

/// Runs `action` as a section, during which the thread stays on this CPU by `_preemption_off`.
/// `save` saves the registers of the running thread by [`save`], if it has any, and returns whether
/// it has; `restore` loads them.
///
/// # Panics
/// In an interrupt handler, and within another section.
pub fn run<R>(
    _preemption_off: &PreemptionOff,
    save: impl FnOnce() -> bool,
    restore: impl FnOnce(),
    action: impl FnOnce(&FpuSection) -> R,
) -> R {
    assert!(!is_in_interrupt(), "an interrupt handler uses vector registers");
    assert!(!RUNS_SECTION.get(), "a section that uses vector registers is within another one");
    RUNS_SECTION.set(true);
    let section = FpuSection { has_saved: save(), _not_send: PhantomData };
    fpu::unlock();
    load_default_mxcsr();
    let result = action(&section);
    if section.has_saved {
        restore();
    } else {
        fpu::lock();
    }
    RUNS_SECTION.set(false);
    result
}

/// Saves to `area`, which functions of [`fpu`] have written, the registers that a section may
/// change. The thread's other registers stay in the CPU, and `area` doesn't have their values.
///
/// # Panics
/// If it is too small.
#[inline]
pub fn save(area: &mut [Chunk]) {
    fpu::save_parts(area, CHANGED & fpu::parts());
}

/// Loads the registers that [`save`] has saved.
///
/// # Panics
/// If `area` is too small.
#[inline]
pub fn restore(area: &[Chunk]) {
    fpu::restore_parts(area, CHANGED & fpu::parts());
}

/// Masks all floating-point exceptions: a program may have unmasked some.
#[inline]
fn load_default_mxcsr() {
    let value = fpu::MXCSR_DEFAULT;
    // SAFETY: the CPU has SSE, CR0.TS is clear, and the kernel doesn't use the register.
    unsafe {
        asm!("ldmxcsr [{}]", in(reg) &raw const value,
            options(nostack, preserves_flags, readonly));
    }
}
