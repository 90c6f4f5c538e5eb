//! The time stamp counter of the current CPU.
//!
//! Source: Intel SDM volume 3, "Time-Stamp Counter".

use core::arch::asm;
use core::arch::x86_64::_rdtsc;

/// Returns the time stamp counter, read after all earlier instructions.
///
/// Source: Intel SDM volume 2, "RDTSC": LFENCE orders it after earlier instructions.
#[inline]
pub(in crate::arch) fn read_tsc_in_order() -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: every CPU with long mode has the counter, which CR4.TSD doesn't forbid, and
    // SSE2 with LFENCE.
    unsafe {
        asm!("lfence", "rdtsc", out("rax") low, out("rdx") high,
            options(nomem, nostack, preserves_flags));
    }
    high << 32 | low
}

/// Returns the time stamp counter, read after all earlier instructions and before all later ones,
/// not even the first of which has begun before: for measuring the instructions between two reads.
///
/// RDTSCP with an LFENCE after it does the same, but some CPUs don't have RDTSCP.
///
/// Source: Intel SDM volume 2, "RDTSC"; Intel, "How to Benchmark Code Execution Times on Intel IA-32
/// and IA-64 Instruction Set Architectures".
#[inline(always)]
pub fn read_tsc_serialized() -> u64 {
    let (low, high): (u64, u64);
    // Without `nomem`: the compiler moves no access to memory over the read.
    // SAFETY: as in `read_tsc_in_order`.
    unsafe {
        asm!("lfence", "rdtsc", "lfence", out("rax") low, out("rdx") high,
            options(nostack, preserves_flags));
    }
    high << 32 | low
}

/// Returns the time stamp counter.
#[inline]
pub fn read_tsc() -> u64 {
    // SAFETY: every CPU with long mode has the counter; CR4.TSD, which could forbid its use, stays
    // off.
    unsafe { _rdtsc() }
}
