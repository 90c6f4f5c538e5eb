//! The registers of the code that an exception or an interrupt has interrupted.

use core::mem::offset_of;

use x86_64::registers::rflags::RFlags;

use crate::arch::cpu::gdt;

/// The registers of the interrupted code.
#[derive(Clone, Copy, Debug)]
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
    /// The vector of the IDT.
    pub vector: u64,
    /// The error code; 0 for vectors that have none.
    pub error_code: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

/// The instructions that push the registers of a [`TrapFrame`] below its vector.
macro_rules! push_registers {
    () => {
        "push rax
        push rbx
        push rcx
        push rdx
        push rsi
        push rdi
        push rbp
        push r8
        push r9
        push r10
        push r11
        push r12
        push r13
        push r14
        push r15"
    };
}

/// The instructions that pop what [`push_registers`] has pushed.
macro_rules! pop_registers {
    () => {
        "pop r15
        pop r14
        pop r13
        pop r12
        pop r11
        pop r10
        pop r9
        pop r8
        pop rbp
        pop rdi
        pop rsi
        pop rdx
        pop rcx
        pop rbx
        pop rax"
    };
}

pub(in crate::arch) use {pop_registers, push_registers};

impl TrapFrame {
    /// The value of `vector` in the frame of a system call, which has no vector.
    pub const SYSTEM_CALL: u64 = 256;

    /// Returns the registers of a program that starts at `rip` with the stack pointer `rsp`, with the
    /// segments of programs; all others are 0.
    pub fn of_program(rip: u64, rsp: u64) -> Self {
        Self { rip, rsp, cs: gdt::USER_CODE.into(), ss: gdt::USER_DATA.into(), ..Self::ZERO }
    }

    const ZERO: Self = Self {
        r15: 0,
        r14: 0,
        r13: 0,
        r12: 0,
        r11: 0,
        r10: 0,
        r9: 0,
        r8: 0,
        rbp: 0,
        rdi: 0,
        rsi: 0,
        rdx: 0,
        rcx: 0,
        rbx: 0,
        rax: 0,
        vector: 0,
        error_code: 0,
        rip: 0,
        cs: 0,
        rflags: 0,
        rsp: 0,
        ss: 0,
    };

    /// Makes the return to ring 3 restore RCX and R11, too, which the return from a system call may
    /// otherwise change.
    pub fn restore_all(&mut self) {
        self.vector = 0;
    }

    /// Returns the number of the system call, if this is the frame of one. RAX has the result once
    /// the call has been handled.
    pub fn system_call(&self) -> Option<u64> {
        (self.vector == Self::SYSTEM_CALL).then_some(self.error_code)
    }

    /// Returns whether the interrupted code was a program, in ring 3.
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
