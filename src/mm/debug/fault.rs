//! Page faults in words: what lies at the address, and the way there.
//!
//! It runs while the kernel reports its end, so it takes no lock and no heap.

use core::fmt;

use paging::{GenericPTE, MappingFlags, Step, X64PTE};
use x86_64::VirtAddr;

use crate::arch::trap::page_fault::{Access, PageFault, Refusal};
use crate::arch::trap::report::AddressGuide;
use crate::mm::debug::address_kind::Place;
use crate::mm::debug::walk::{self, Steps};
use crate::mm::kernel::stacks::Stack;

/// What reports know of addresses.
pub static GUIDE: &dyn AddressGuide = &Guide;

struct Guide;

impl AddressGuide for Guide {
    fn write_stack(
        &self,
        f: &mut fmt::Formatter<'_>,
        address: VirtAddr,
    ) -> Result<bool, fmt::Error> {
        match Stack::of_slot_at(address) {
            Some(stack) => write!(f, "{stack}").map(|()| true),
            None => Ok(false),
        }
    }

    fn write_overflow(
        &self,
        f: &mut fmt::Formatter<'_>,
        stack_pointer: VirtAddr,
        accessed: VirtAddr,
    ) -> Result<bool, fmt::Error> {
        // The stack pointer of an empty stack is just above it.
        let on = Stack::of_slot_at(VirtAddr::new_truncate(stack_pointer.as_u64().wrapping_sub(1)));
        match Place::of(accessed) {
            Place::Guard(stack) if on == Some(stack) => {
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

    fn write_page_fault(&self, f: &mut fmt::Formatter<'_>, fault: &PageFault) -> fmt::Result {
        let place = Place::of(fault.address);
        let steps = walk::steps(fault.address);
        write!(f, "{fault}: ")?;
        write_reason(f, fault, place, &steps)?;
        write!(f, "\n  place  {place}")?;
        let mut name = "walk ";
        for step in &steps {
            write!(f, "\n  {name}  {}", Shown(*step))?;
            name = "     ";
        }
        Ok(())
    }
}

fn write_reason(
    f: &mut fmt::Formatter<'_>,
    fault: &PageFault,
    place: Place,
    steps: &Steps,
) -> fmt::Result {
    match fault.refusal {
        Refusal::NotPresent => match place {
            Place::Null => f.write_str("null pointer"),
            Place::Guard(stack) => write!(f, "the guard below the {stack}"),
            _ => f.write_str("nothing is mapped there"),
        },
        Refusal::Rights => {
            let flags = walk::page(steps)
                .map(|(step, _)| step.entry.flags())
                .unwrap_or_else(MappingFlags::empty);
            let is_users = flags.contains(MappingFlags::USER);
            f.write_str(match fault.access {
                Access::Execute if is_users && fault.is_kernel_kept_out() => {
                    "a program's page, which SMEP keeps the kernel from executing"
                }
                Access::Read | Access::Write if is_users && fault.is_kernel_kept_out() => {
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

/// A step of a walk, in a line.
pub struct Shown(pub Step<X64PTE>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Step { level, index, entry, .. } = self.0;
        write!(f, "P{level}[{index:3}] {:#018x}", entry.bits())?;
        if !entry.is_present() {
            return f.write_str(" not present");
        }
        if level > 1 && !entry.is_huge() {
            return write!(f, " table at {:#x}", entry.paddr());
        }
        let size = ["4 KiB", "2 MiB", "1 GiB"].get(level - 1).unwrap_or(&"no");
        write!(f, " {size} page at {:#x} {}", entry.paddr(), Rights(entry.flags()))
    }
}

/// What a mapping allows, in a word: `rw-ugd` has all of read, write, user,
/// global and device, but not execute.
pub struct Rights(pub MappingFlags);

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cache = if self.0.contains(MappingFlags::DEVICE) { "d" } else { "n" };
        let letters = [
            (MappingFlags::READ, "r"),
            (MappingFlags::WRITE, "w"),
            (MappingFlags::EXECUTE, "x"),
            (MappingFlags::USER, "u"),
            (MappingFlags::GLOBAL, "g"),
            (MappingFlags::DEVICE | MappingFlags::UNCACHED, cache),
        ];
        for (flag, letter) in letters {
            f.write_str(if self.0.intersects(flag) { letter } else { "-" })?;
        }
        Ok(())
    }
}
