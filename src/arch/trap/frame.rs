//! What an exception or an interrupt has interrupted.

use core::mem::offset_of;

/// What was running when an exception or interrupt came.
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
    /// What the processor said; 0 where it says nothing.
    pub error_code: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

const _: () = assert!(
    offset_of!(TrapFrame, rip) == 17 * 8,
    "15 registers, vector and error code lie below what the processor pushes"
);
