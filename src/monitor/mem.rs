//! `mem`: physical memory, what it is used for, and the heap.

use memory_map::Kind;

use super::Command;
use crate::mm::frames::{self, Purpose};
use crate::mm::layout::FRAME_BYTES;
use crate::mm::{heap, ram};
use crate::println;

pub(super) const COMMAND: Command = Command {
    name: "mem",
    usage: "",
    summary: "Shows the memory map, what frames are used for, and the heap.",
    run: |_, _| {
        show_map();
        show_frames();
        show_heap();
    },
};

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Usable => "usable",
        Kind::Loader => "loader's information and modules",
        Kind::Kernel => "kernel, first MiB",
        Kind::AcpiReclaimable => "ACPI tables",
        Kind::AcpiNvs => "ACPI, kept over hibernation",
        Kind::Device => "device",
        Kind::Reserved => "reserved",
        Kind::Defective => "defective",
    }
}

fn show_map() {
    println!("physical memory");
    for region in ram::map().regions() {
        println!(
            "  {:012x}-{:012x} {:>11} KiB  {}",
            region.start,
            region.end - 1,
            region.len_bytes().div_ceil(1024),
            name(region.kind)
        );
    }
}

fn show_frames() {
    let counts = frames::counts();
    let show = |name, frames: usize| {
        println!("  {name:25} {frames:>11} {:>11} KiB", frames as u64 * (FRAME_BYTES / 1024));
    };
    println!("frames");
    for (purpose, name) in Purpose::ALL {
        show(name, counts.used_for(purpose));
    }
    show("free", counts.free);
    show("all", counts.managed);
}

fn show_heap() {
    let heap = heap::statistics();
    let rows = [
        ("in use", heap.allocated_bytes),
        ("in use at most so far", heap.peak_bytes),
        ("mapped", heap.mapped_bytes),
        ("may grow to", heap.limit_bytes),
    ];
    println!("heap");
    for (name, bytes) in rows {
        println!("  {name:25} {:>11} {:>11} KiB", "", bytes.div_ceil(1024));
    }
    println!(
        "  {} pieces in use, {} gaps; {} allocated so far, {} failures",
        heap.allocations, heap.gaps, heap.total_allocations, heap.failures
    );
}
