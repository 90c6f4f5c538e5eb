//! Ring 3: how a thread enters a program, and how it returns to the kernel.
//!
//! | module | what |
//! | --- | --- |
//! | [`user_thread`] | the kernel's functions for the thread of a program |
//! | [`system_call`] | the entry by SYSCALL |
//! | [`way_out`] | the return to ring 3, from interrupts, exceptions and system calls |
//! | [`user_state`] | the registers of a program that the kernel doesn't use: the bases of FS and GS |
//! | [`vdso`] | the code of the vDSO, which runs in ring 3 |
//! | [`copy`] | copies from and to the memory of programs |
//! | [`fpu_frame`] | the registers for floating point and vectors in the frame of a signal |
//!
//! Invariants:
//! 1. The top of a thread's kernel stack belongs to its [entry area](ENTRY_AREA_BYTES): the
//!    registers of the program, and after them the pointer to the [`UserThread`](user_thread::UserThread).
//!    While a CPU runs a program, the TSS and [`user_state`] have the address of that area.
//! 2. A CPU in ring 3 has the program's GS base in IA32_GS_BASE and the kernel's in
//!    IA32_KERNEL_GS_BASE; in ring 0 they are swapped. An entry that can interrupt ring 0 between
//!    the two states has its own stack, at the top of which the kernel's GS base is stored.
//! 3. The code and stack segments of a program are the GDT's for ring 3, its instruction pointer is
//!    below [`USER_END`], and it has changed only the flags that it may change; [`way_out`] ensures
//!    this.

pub mod copy;
pub mod fpu_frame;
pub(in crate::arch) mod system_call;
pub mod user_state;
pub mod user_thread;
pub mod vdso;
pub mod way_out;

use crate::arch::trap::frame::TrapFrame;

/// The end of the memory of programs. The page before the first non-canonical address is never
/// mapped: a SYSCALL at its end would return to a non-canonical address.
pub const USER_END: u64 = 0x7FFF_FFFF_F000;

/// The size of the area at the top of a thread's kernel stack for the entry from ring 3: the trap
/// frame, and a pointer of two words.
pub const ENTRY_AREA_BYTES: u64 = size_of::<TrapFrame>() as u64 + POINTER_BYTES;

/// The size of the pointer to the [`UserThread`](user_thread::UserThread), in bytes. The frame
/// below it ends at a multiple of 16, because the CPU aligns the stack.
const POINTER_BYTES: u64 = size_of::<*const dyn user_thread::UserThread>() as u64;

const _: () = assert!(ENTRY_AREA_BYTES.is_multiple_of(16) && POINTER_BYTES == 16);
