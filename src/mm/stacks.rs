//! Kernel stacks and the guards below them.
//!
//! A stack ends its slot; what lies below it in the slot is never mapped, so a
//! stack that runs over faults at once.

use core::fmt;
use core::ops::Range;

use x86_64::VirtAddr;

use super::layout::{STACK_SLOT_BYTES, STACKS};
use crate::arch::gdt::{Ist, StackTops};

/// A kernel stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// The one that the boot processor starts on.
    Boot,
    /// One of the interrupt stack table, of the boot processor.
    Ist(Ist),
}

impl Stack {
    /// All of them, in the order of their slots.
    pub const ALL: [Self; 4] = [
        Self::Boot,
        Self::Ist(Ist::DoubleFault),
        Self::Ist(Ist::Nmi),
        Self::Ist(Ist::MachineCheck),
    ];

    /// Returns the stack in whose slot `address` lies.
    pub fn of_slot_at(address: VirtAddr) -> Option<Self> {
        let offset_bytes = address.as_u64().checked_sub(STACKS.as_u64())?;
        Self::ALL.get((offset_bytes / STACK_SLOT_BYTES) as usize).copied()
    }

    /// Returns the size in bytes. The same as in `asm/boot.asm`.
    pub const fn len_bytes(self) -> u64 {
        match self {
            Self::Boot => 60 * 1024,
            Self::Ist(_) => 24 * 1024,
        }
    }

    fn slot(self) -> u64 {
        match self {
            Self::Boot => 0,
            Self::Ist(ist) => 1 + ist as u64,
        }
    }

    /// Returns the address behind the highest byte.
    pub fn top(self) -> VirtAddr {
        STACKS + (self.slot() + 1) * STACK_SLOT_BYTES
    }

    /// Returns the stack itself.
    pub fn range(self) -> Range<VirtAddr> {
        self.top() - self.len_bytes()..self.top()
    }

    /// Returns what is kept unmapped below it.
    pub fn guard(self) -> Range<VirtAddr> {
        self.top() - STACK_SLOT_BYTES..self.range().start
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boot => "boot stack",
            Self::Ist(Ist::DoubleFault) => "double fault IST stack",
            Self::Ist(Ist::Nmi) => "NMI IST stack",
            Self::Ist(Ist::MachineCheck) => "machine check IST stack",
        })
    }
}

/// Returns where the boot processor's stacks begin.
pub fn boot_processor() -> StackTops {
    StackTops { kernel: Stack::Boot.top(), ist: Ist::ALL.map(|ist| Stack::Ist(ist).top()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn slots_are_in_order_and_hold_guard_and_stack() {
        let mut start = STACKS;
        for stack in Stack::ALL {
            assert_eq!(stack.guard().start, start);
            assert_eq!(stack.guard().end, stack.range().start);
            assert!(stack.guard().start < stack.guard().end);
            assert_eq!(Stack::of_slot_at(start), Some(stack));
            assert_eq!(Stack::of_slot_at(stack.top() - 1), Some(stack));
            start = stack.top();
        }
        assert_eq!(Stack::of_slot_at(start), None);
        assert_eq!(Stack::of_slot_at(STACKS - 1), None);
    }

    #[test_case]
    fn this_runs_on_the_boot_stack() {
        let local = 0_u8;
        assert!(Stack::Boot.range().contains(&VirtAddr::from_ptr(&raw const local)));
    }
}
