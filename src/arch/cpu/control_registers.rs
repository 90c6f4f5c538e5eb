//! This CPU's control registers, as plain numbers for display.
//!
//! The crate `registers` decodes their bits.

use core::arch::asm;

use x86_64::VirtAddr;
use x86_64::registers::control::{Cr0, Cr2, Cr4, Cr4Flags, Efer};
use x86_64::registers::rflags;
use x86_64::registers::xcontrol::XCr0;

/// A register that [`read`] supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the registers' names")]
pub enum Register {
    Cr0,
    Cr2,
    Cr3,
    Cr4,
    Cr8,
    Efer,
    Rflags,
    Xcr0,
}

/// Returns the value of `register`; `None` for XCR0 while CR4 doesn't allow its use.
#[inline(always)]
pub fn read(register: Register) -> Option<u64> {
    Some(match register {
        Register::Cr0 => Cr0::read_raw(),
        Register::Cr2 => Cr2::read_raw(),
        Register::Cr3 => read_cr3(),
        Register::Cr4 => Cr4::read_raw(),
        Register::Cr8 => read_cr8(),
        Register::Efer => Efer::read_raw(),
        Register::Rflags => rflags::read_raw(),
        Register::Xcr0 => {
            return Cr4::read().contains(Cr4Flags::OSXSAVE).then(XCr0::read_raw);
        }
    })
}

/// Returns all bits of CR3; the x86_64 crate omits those above the address.
pub(in crate::arch) fn read_cr3() -> u64 {
    let value;
    // SAFETY: reading it changes nothing.
    unsafe { asm!("mov {}, cr3", out(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Writes all bits of CR3.
///
/// # Safety
/// The page table at its address maps all code, data and stacks in use at their present
/// addresses. This CPU supports its other bits.
#[inline]
pub(in crate::arch) unsafe fn write_cr3(value: u64) {
    // SAFETY: the caller's promise.
    unsafe { asm!("mov cr3, {}", in(reg) value, options(nostack, preserves_flags)) };
}

fn read_cr8() -> u64 {
    let value;
    // SAFETY: reading it changes nothing.
    unsafe { asm!("mov {}, cr8", out(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Waits until all earlier loads and stores are visible to all CPUs and devices.
///
/// Source: Intel SDM volume 3A, "MSR Access in x2APIC Mode".
#[inline]
pub fn fence() {
    // SAFETY: it only waits.
    unsafe { asm!("mfence", "lfence", options(nostack, preserves_flags)) };
}

/// Returns the caller's stack pointer.
#[inline(always)]
pub fn stack_pointer() -> VirtAddr {
    let value: u64;
    // SAFETY: it only copies a register.
    unsafe { asm!("mov {}, rsp", out(reg) value, options(nomem, nostack, preserves_flags)) };
    VirtAddr::new_truncate(value)
}

#[cfg(test)]
mod tests;
