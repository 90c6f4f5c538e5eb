//! Registers of the CPU for the report of a panic, which no exception has saved.

use core::fmt;

use x86_64::registers::control::{Cr0, Cr2, Cr3, Cr4};
use x86_64::registers::rflags;

use super::stack_name::StackName;
use crate::arch::irq;
use crate::sync;

/// The registers that show a CPU's state beyond the current function.
#[derive(Clone, Copy, Debug)]
pub struct CpuState {
    stack_pointer: u64,
    rflags: u64,
    control: [u64; 4],
    is_in_interrupt: bool,
    held_ranks: u64,
}

impl CpuState {
    /// Reads the registers of the current CPU.
    pub fn read() -> Self {
        let here = 0_u8;
        Self {
            stack_pointer: (&raw const here).addr() as u64,
            rflags: rflags::read_raw(),
            control: [
                Cr0::read_raw(),
                Cr2::read_raw(),
                Cr3::read_raw().0.start_address().as_u64(),
                Cr4::read_raw(),
            ],
            is_in_interrupt: irq::is_in_interrupt(),
            held_ranks: sync::held_ranks(),
        }
    }
}

impl fmt::Display for CpuState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [cr0, cr2, cr3, cr4] = self.control;
        write!(f, "  stack  RSP {:#018x}  {}", self.stack_pointer, StackName(self.stack_pointer))?;
        f.write_str(if self.is_in_interrupt { ", in an interrupt handler" } else { "" })?;
        write!(f, "\n  flags  {:#010x}", self.rflags)?;
        // Release builds don't record ranks.
        if cfg!(debug_assertions) {
            write!(f, "  ranks of held locks {:#b}", self.held_ranks)?;
        }
        write!(f, "\n  CR0 {cr0:#018x} CR2 {cr2:#018x} CR3 {cr3:#018x}\n  CR4 {cr4:#018x}")
    }
}
