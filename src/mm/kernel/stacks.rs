//! Kernel stacks and the guards below them.
//!
//! A stack is at the end of its slot; the rest of the slot below it is never mapped, so a stack
//! overflow faults at once. The use of each slot can be read without a lock, for reports.

use core::fmt;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use x86_64::VirtAddr;

use crate::arch::cpu::gdt::{Ist, StackTops};
use crate::mm::kernel::layout::{FRAME_BYTES, STACK_SLOT_BYTES, STACK_SLOTS, STACKS};

pub use crate::mm::kernel::stack_use::Use;

/// The word of a free slot.
const FREE: u32 = 0;

/// A kernel stack: a slot in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    slot: u32,
    purpose: Use,
}

/// The use of each slot. The first ones are the boot CPU's, which the stub has mapped.
static SLOTS: [AtomicU32; STACK_SLOTS] = {
    let mut slots = [const { AtomicU32::new(FREE) }; STACK_SLOTS];
    let mut slot = 0;
    while slot < Stack::BOOT_CPU.len() {
        slots[slot] = AtomicU32::new(Stack::BOOT_CPU[slot].purpose.word());
        slot += 1;
    }
    slots
};

/// The slot at which the next search for a free one starts.
static NEXT: AtomicUsize = AtomicUsize::new(Stack::BOOT_CPU.len());

impl Stack {
    /// The stack that the boot CPU starts on.
    pub const BOOT: Self = Self { slot: 0, purpose: Use::Boot };

    /// The boot CPU's stacks, in the order of their slots.
    pub const BOOT_CPU: [Self; 5] = [
        Self::BOOT,
        Self::of_boot_cpu(1, Ist::DoubleFault),
        Self::of_boot_cpu(2, Ist::Nmi),
        Self::of_boot_cpu(3, Ist::MachineCheck),
        Self::of_boot_cpu(4, Ist::Debug),
    ];

    const fn of_boot_cpu(slot: u32, ist: Ist) -> Self {
        Self { slot, purpose: Use::Ist { cpu: 0, ist } }
    }

    /// Returns the stack in whose slot `address` lies.
    pub fn of_slot_at(address: VirtAddr) -> Option<Self> {
        let offset_bytes = address.as_u64().checked_sub(STACKS.as_u64())?;
        let slot = offset_bytes / STACK_SLOT_BYTES;
        let word = SLOTS.get(slot as usize)?.load(Ordering::Relaxed);
        Use::of_word(word).map(|purpose| Self { slot: slot as u32, purpose })
    }

    /// Returns its use.
    pub fn purpose(self) -> Use {
        self.purpose
    }

    /// Returns the size in bytes.
    pub fn len_bytes(self) -> u64 {
        self.purpose.len_bytes()
    }

    /// Returns the address after the highest byte.
    pub fn top(self) -> VirtAddr {
        // The last slot is never used: its stack would end above the highest address.
        STACKS + u64::from(self.slot) * STACK_SLOT_BYTES + STACK_SLOT_BYTES
    }

    /// Returns the addresses of the stack.
    pub fn range(self) -> Range<VirtAddr> {
        self.top() - self.len_bytes()..self.top()
    }

    /// Returns the addresses of the unmapped guard below it.
    pub fn guard(self) -> Range<VirtAddr> {
        self.top() - STACK_SLOT_BYTES..self.range().start
    }

    /// Returns its pages, from the lowest on.
    pub(in crate::mm) fn pages(self) -> impl Iterator<Item = VirtAddr> {
        let start = self.range().start;
        (0..self.len_bytes() / FRAME_BYTES).map(move |index| start + index * FRAME_BYTES)
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.purpose {
            Use::Boot => f.write_str("boot stack"),
            Use::Thread(number) => write!(f, "stack of thread {number}"),
            Use::Idle { cpu } => write!(f, "stack of CPU {cpu}"),
            Use::Ist { cpu, ist } => {
                f.write_str(match ist {
                    Ist::DoubleFault => "double fault IST stack",
                    Ist::Nmi => "NMI IST stack",
                    Ist::MachineCheck => "machine check IST stack",
                    Ist::Debug => "debug IST stack",
                })?;
                if cpu > 0 { write!(f, " of CPU {cpu}") } else { Ok(()) }
            }
        }
    }
}

/// Returns the tops of the boot CPU's stacks.
pub fn boot_cpu() -> StackTops {
    let [kernel, ist @ ..] = Stack::BOOT_CPU.map(Stack::top);
    StackTops { kernel, ist }
}

/// Finds a free slot and takes it for `purpose`; `None` if there is none.
pub(in crate::mm) fn take_slot(purpose: Use) -> Option<Stack> {
    let first = NEXT.load(Ordering::Relaxed);
    let slot = (0..STACK_SLOTS).map(|offset| (first + offset) % STACK_SLOTS).find(|&slot| {
        let (free, used) = (FREE, purpose.word());
        let slot = &SLOTS[slot];
        slot.load(Ordering::Relaxed) == FREE
            && slot.compare_exchange(free, used, Ordering::Acquire, Ordering::Relaxed).is_ok()
    })?;
    NEXT.store(slot + 1, Ordering::Relaxed);
    Some(Stack { slot: slot as u32, purpose })
}

/// Frees a slot, in which nothing is mapped any more.
pub(in crate::mm) fn give_slot_back(stack: Stack) {
    let slot = stack.slot as usize;
    SLOTS[slot].store(FREE, Ordering::Release);
    NEXT.fetch_min(slot, Ordering::Relaxed);
}

/// Changes the use of `stack`; returns the changed value.
pub(in crate::mm) fn with_purpose(stack: Stack, purpose: Use) -> Stack {
    debug_assert_eq!(purpose.len_bytes(), stack.len_bytes());
    SLOTS[stack.slot as usize].store(purpose.word(), Ordering::Relaxed);
    Stack { purpose, ..stack }
}

#[cfg(test)]
mod tests;
