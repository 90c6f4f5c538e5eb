//! The name of the stack that contains a stack pointer.

use core::fmt;

use x86_64::VirtAddr;

use crate::mm::kernel::stacks::Stack;

/// The name of the stack that contains a stack pointer.
pub(super) struct StackName(pub(super) u64);

impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The stack pointer of an empty stack is the address after it.
        match VirtAddr::try_new(self.0.wrapping_sub(1)).ok().and_then(Stack::of_slot_at) {
            Some(stack) => stack.fmt(f),
            None => f.write_str("middle of nowhere: no kernel stack"),
        }
    }
}
