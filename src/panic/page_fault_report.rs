//! The text for page faults: the kind of the address, and the page table walk to it.
//!
//! It takes no lock and doesn't use the heap.

use core::fmt;

use paging::{GenericPTE, MappingFlags};
use x86_64::VirtAddr;

use crate::arch::trap::page_fault::{Access, PageFault, Refusal};
use crate::mm::debug::address_kind::AddressKind;
use crate::mm::debug::entry_text::Shown;
use crate::mm::debug::walk::{self, Steps};
use crate::mm::kernel::stacks::Stack;

/// Writes the reason of `fault` and, in further indented lines, the kind of the address and the
/// walk.
pub(super) fn write(f: &mut fmt::Formatter<'_>, fault: &PageFault) -> fmt::Result {
    let kind = AddressKind::of(fault.address);
    let steps = walk::steps(fault.address);
    let by = if fault.is_from_user { "a program" } else { "the kernel" };
    write!(f, "{} {:#018x} by {by}: ", access_words(fault.access), fault.address)?;
    write_reason(f, fault, kind, &steps)?;
    write!(f, "\n  place  {kind}")?;
    let mut name = "walk ";
    for step in &steps {
        write!(f, "\n  {name}  {}", Shown(*step))?;
        name = "     ";
    }
    Ok(())
}

/// Writes that the stack in whose slot `stack_pointer` lies has overflowed, if `accessed` is in the
/// guard below it. Returns whether that is so.
pub(super) fn write_overflow(
    f: &mut fmt::Formatter<'_>,
    stack_pointer: u64,
    accessed: VirtAddr,
) -> Result<bool, fmt::Error> {
    // The stack pointer of an empty stack is the address after it.
    let on = Stack::of_slot_at(VirtAddr::new_truncate(stack_pointer.wrapping_sub(1)));
    match AddressKind::of(accessed) {
        AddressKind::Guard(stack) if on == Some(stack) => {
            write!(
                f,
                "overflow of the {stack}: all of its {} KiB are used,\n         \
                 and {accessed:#018x} is in the guard below it",
                stack.len_bytes() / 1024
            )?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn access_words(access: Access) -> &'static str {
    match access {
        Access::Read => "read of",
        Access::Write => "write to",
        Access::Execute => "execution of",
    }
}

fn write_reason(
    f: &mut fmt::Formatter<'_>,
    fault: &PageFault,
    kind: AddressKind,
    steps: &Steps,
) -> fmt::Result {
    match fault.refusal {
        Refusal::NotPresent => match kind {
            AddressKind::Null => f.write_str("null pointer"),
            AddressKind::Guard(stack) => write!(f, "the guard below the {stack}"),
            _ => f.write_str("nothing is mapped there"),
        },
        Refusal::Rights => {
            let flags = walk::page(steps)
                .map(|(step, _)| step.entry.flags())
                .unwrap_or_else(MappingFlags::empty);
            let is_users = flags.contains(MappingFlags::USER);
            f.write_str(match fault.access {
                Access::Execute if is_users && fault.is_blocked_by_smep_or_smap() => {
                    "a program's page, which SMEP keeps the kernel from executing"
                }
                Access::Read | Access::Write if is_users && fault.is_blocked_by_smep_or_smap() => {
                    "a program's page, which SMAP keeps the kernel from"
                }
                _ if fault.is_from_user && !is_users => "the kernel's page",
                Access::Write if !flags.contains(MappingFlags::WRITE) => "the page is read-only",
                Access::Execute => "the page isn't executable",
                Access::Read | Access::Write => "the page's rights forbid it",
            })
        }
        Refusal::ReservedBit => f.write_str("a reserved bit is set in the page tables"),
        Refusal::ProtectionKey => f.write_str("the page's protection key forbids it"),
        Refusal::ShadowStack => f.write_str("the rules of shadow stacks forbid it"),
    }
}
