//! The registers of the code that an exception or an interrupt has interrupted.

use core::mem::offset_of;

use x86_64::registers::rflags::RFlags;

/// The registers of the interrupted code.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(Default))]
#[repr(C)]
#[expect(missing_docs, reason = "they are the registers' names")]
pub struct TrapFrame {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rbp: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rbx: u64,
    pub rax: u64,
    /// Which entry of the IDT was used.
    pub vector: u64,
    /// The error code; 0 for vectors that have none.
    pub error_code: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

impl TrapFrame {
    /// Returns whether a program was interrupted, in ring 3.
    #[inline]
    pub fn is_from_user(&self) -> bool {
        self.cs & 3 == 3
    }

    /// Returns whether interrupts were on in the interrupted code.
    #[inline]
    pub fn had_interrupts_on(&self) -> bool {
        self.rflags & RFlags::INTERRUPT_FLAG.bits() != 0
    }
}

const _: () = assert!(
    offset_of!(TrapFrame, rip) == 17 * 8,
    "15 registers, vector and error code lie below what the CPU pushes"
);
