//! `maps`: what is mapped where, by the kernel's page table.

use core::fmt;

use paging::{MappedRange, PageSize};
use x86_64::VirtAddr;

use super::Command;
use crate::arch::gdt::Ist;
use crate::mm::fault::Rights;
use crate::mm::kernel_space;
use crate::mm::place::Place;
use crate::mm::stacks::Stack;
use crate::println;

pub(super) const COMMAND: Command = Command {
    name: "maps",
    usage: "",
    summary: "Lists what is mapped: addresses, frames, pages and rights.",
    run: |_, _| show(),
};

fn show() {
    println!("addresses                         frames from     pages      rights what");
    let mut from = Some(VirtAddr::zero());
    // The lock is taken anew for each range: printing takes its time.
    while let Some(range) = from.and_then(kernel_space::next_range) {
        show_range(&range);
        from = range.next();
    }
    println!("rights: read write execute user global; d: a device, n: not cached");
}

fn show_range(range: &MappedRange) {
    let size = match range.mapping.size {
        PageSize::Size4K => "4K",
        PageSize::Size2M => "2M",
        PageSize::Size1G => "1G",
    };
    println!(
        "{:016x}-{:016x} {:012x} {:6} x {size} {} {}",
        range.start,
        range.last(),
        range.mapping.paddr,
        range.pages,
        Rights(range.mapping.flags),
        Label(Place::of(range.start))
    );
}

/// A place's name, so short that a range fits a row of 80 columns.
struct Label(Place);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Device(name) => f.write_str(name),
            Place::Stack(Stack::Ist(Ist::DoubleFault)) => f.write_str("#DF IST stack"),
            Place::Stack(Stack::Ist(Ist::MachineCheck)) => f.write_str("#MC IST stack"),
            place => write!(f, "{place}"),
        }
    }
}
