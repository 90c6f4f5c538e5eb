//! Classifies addresses by the kernel's layout.

use core::fmt;

use x86_64::{PhysAddr, VirtAddr};

use crate::mm::kernel::device_names;
use crate::mm::kernel::image::{self, Section};
use crate::mm::kernel::layout::{self, DEVICES, DIRECT_MAP, HEAP, KERNEL_BASE, NULL_END, STACKS};
use crate::mm::kernel::stacks::Stack;

/// The kind of an address, determined without a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// Below [`NULL_END`].
    Null,
    /// The rest of the lower half.
    Program,
    /// The direct map of a physical address.
    DirectMap(PhysAddr),
    /// The heap's addresses.
    Heap,
    /// A mapped device.
    Device(&'static str),
    /// The pages that are mapped to measure how long that takes.
    Scratch,
    /// A section of the kernel image.
    Kernel(Section),
    /// A kernel stack.
    Stack(Stack),
    /// The unmapped guard below a kernel stack.
    Guard(Stack),
    /// An address that the layout doesn't use.
    Nothing,
}

impl AddressKind {
    /// Returns the kind of `address`.
    pub fn of(address: VirtAddr) -> Self {
        let within = |start: VirtAddr, len_bytes| {
            (start.as_u64()..start.as_u64() + len_bytes).contains(&address.as_u64())
        };
        if address < NULL_END {
            Self::Null
        } else if address < DIRECT_MAP {
            Self::Program
        } else if within(DIRECT_MAP, layout::DIRECT_MAP_BYTES) {
            Self::DirectMap(PhysAddr::new(address - DIRECT_MAP))
        } else if within(HEAP, layout::HEAP_BYTES) {
            Self::Heap
        } else if within(DEVICES, layout::DEVICES_BYTES)
            || within(layout::SCREEN, layout::SCREEN_BYTES)
        {
            device_names::name_at(address).map_or(Self::Nothing, Self::Device)
        } else if within(layout::SCRATCH, layout::SCRATCH_BYTES) {
            Self::Scratch
        } else if address >= STACKS {
            match Stack::of_slot_at(address) {
                Some(stack) if stack.range().contains(&address) => Self::Stack(stack),
                Some(stack) => Self::Guard(stack),
                None => Self::Nothing,
            }
        } else if address >= KERNEL_BASE {
            image::section_at(address).map_or(Self::Nothing, Self::Kernel)
        } else {
            Self::Nothing
        }
    }
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null pointer"),
            Self::Program => f.write_str("lower half"),
            Self::DirectMap(_) => f.write_str("direct map"),
            Self::Heap => f.write_str("heap"),
            Self::Device(name) => write!(f, "device: {name}"),
            Self::Scratch => f.write_str("scratch pages"),
            Self::Kernel(Section::Text) => f.write_str("kernel text"),
            Self::Kernel(Section::Rodata) => f.write_str("kernel rodata"),
            Self::Kernel(Section::Data) => f.write_str("kernel data"),
            Self::Stack(stack) => write!(f, "{stack}"),
            Self::Guard(stack) => write!(f, "guard page of the {stack}"),
            Self::Nothing => f.write_str("no use in the kernel's layout"),
        }
    }
}

#[cfg(test)]
mod tests;
