//! The entry by SYSCALL, and the return by SYSRET.
//!
//! SYSCALL changes neither the stack nor GS. Between SYSCALL and the switch to the thread's stack,
//! only exceptions that have their own stack can come.
//!
//! Source: Intel SDM volume 2, "SYSCALL" and "SYSRET"; AMD64 volume 2, "SYSCALL and SYSRET".

use core::arch::naked_asm;
use core::sync::atomic::AtomicU64;

use x86_64::VirtAddr;
use x86_64::instructions::interrupts;
use x86_64::registers::control::{Efer, EferFlags};
use x86_64::registers::model_specific::{LStar, SFMask, Star};
use x86_64::registers::rflags::RFlags;

use crate::arch::cpu::gdt::{self, Gdt};
use crate::arch::trap::frame::{TrapFrame, pop_registers, push_registers};
use crate::arch::user::USER_END;
use crate::arch::user::user_state::ENTRY_STACK;
use crate::arch::user::way_out;
use crate::per_cpu;

/// The flags that SYSCALL clears: those that programs can set and that affect the kernel.
const CLEARED_FLAGS: RFlags = RFlags::INTERRUPT_FLAG
    .union(RFlags::DIRECTION_FLAG)
    .union(RFlags::ALIGNMENT_CHECK)
    .union(RFlags::TRAP_FLAG)
    .union(RFlags::NESTED_TASK)
    .union(RFlags::RESUME_FLAG)
    .union(RFlags::IOPL_HIGH)
    .union(RFlags::IOPL_LOW);

per_cpu! {
    /// The program's stack pointer, while the entry switches stacks.
    static USER_RSP: AtomicU64 = AtomicU64::new(0);
}

/// Sets this CPU's registers for SYSCALL and SYSRET. CSTAR, the entry for 32-bit code, is not set:
/// programs have no 32-bit code segment.
pub(in crate::arch) fn start_here(gdt: &Gdt) {
    Star::write(gdt.user_code, gdt.user_data, gdt.kernel_code, gdt.kernel_data)
        .expect("the GDT has the segments in the order of SYSCALL and SYSRET");
    LStar::write(VirtAddr::from_ptr(enter as *const ()));
    SFMask::write(CLEARED_FLAGS);
    // SAFETY: the registers that SYSCALL needs are set.
    unsafe { Efer::update(|efer| efer.insert(EferFlags::SYSTEM_CALL_EXTENSIONS)) };
}

/// Returns whether `rip` is the first instruction after SYSCALL. A debug exception there belongs to
/// the program: an instruction that sets SS has delayed its single step.
pub(in crate::arch) fn is_entry(rip: u64) -> bool {
    rip == enter as *const () as u64
}

/// The entry: builds the frame as an interrupt would, and returns by SYSRET or IRETQ.
#[unsafe(naked)]
extern "C" fn enter() {
    naked_asm!(
        "swapgs",
        "mov gs:[{user_rsp}], rsp",
        "mov rsp, gs:[{entry_stack}]",
        "push {user_data}",
        "push qword ptr gs:[{user_rsp}]",
        "push r11",
        "push {user_code}",
        "push rcx",
        "push rax",
        "push {vector}",
        push_registers!(),
        "mov rdi, rsp",
        "call {handle}",
        "test al, al",
        "jz {resume}",
        pop_registers!(),
        // SYSRET takes the instruction pointer from RCX and the flags from R11.
        "mov rcx, [rsp + 16]",
        "mov r11, [rsp + 32]",
        "mov rsp, [rsp + 40]",
        "swapgs",
        "sysretq",
        user_rsp = sym USER_RSP,
        entry_stack = sym ENTRY_STACK,
        user_data = const gdt::USER_DATA,
        user_code = const gdt::USER_CODE,
        vector = const TrapFrame::SYSTEM_CALL,
        handle = sym handle,
        resume = sym way_out::resume,
    )
}

/// Handles a system call; returns whether SYSRET can return from it, which changes RCX and R11.
extern "C" fn handle(frame: &mut TrapFrame) -> bool {
    interrupts::enable();
    way_out::thread_of(frame).system_call(frame);
    interrupts::disable();
    way_out::leave(frame);
    // With RF or TF set, the effects of SYSRET and IRETQ differ.
    const SLOW_FLAGS: u64 = RFlags::RESUME_FLAG.bits() | RFlags::TRAP_FLAG.bits();
    let is_fast = frame.vector == TrapFrame::SYSTEM_CALL && frame.rflags & SLOW_FLAGS == 0;
    debug_assert!(frame.rip < USER_END);
    if !is_fast {
        way_out::set_segments(frame);
    }
    is_fast
}
