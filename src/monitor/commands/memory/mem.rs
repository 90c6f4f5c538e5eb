//! `mem`: physical memory and its use, and the heap.

use core::fmt::{self, Write};

use memory_map::Kind;

use crate::mm::kernel::frames::{self, Purpose};
use crate::mm::kernel::layout::FRAME_BYTES;
use crate::mm::kernel::{heap, ram};
use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "mem",
    usage: "",
    summary: "Shows the memory map, the use of frames, and the heap.",
    example: "mem",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| {
        arguments.end()?;
        show_map(out)?;
        show_frames(out)?;
        show_heap(out)?;
        Ok(())
    }),
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

fn show_map(out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "physical memory")?;
    for region in ram::map().regions() {
        writeln!(
            out,
            "  {:012x}-{:012x} {:>11} KiB  {}",
            region.start,
            region.end - 1,
            region.len_bytes().div_ceil(1024),
            name(region.kind)
        )?;
    }
    Ok(())
}

fn show_frames(out: &mut dyn Write) -> fmt::Result {
    let counts = frames::counts();
    writeln!(out, "frames")?;
    let mut show = |name, frames: usize| {
        writeln!(out, "  {name:25} {frames:>11} {:>11} KiB", frames as u64 * (FRAME_BYTES / 1024))
    };
    for (purpose, name) in Purpose::ALL {
        show(name, counts.used_for(purpose))?;
    }
    show("free", counts.free)?;
    show("all", counts.managed)
}

fn show_heap(out: &mut dyn Write) -> fmt::Result {
    let heap = heap::statistics();
    let rows = [
        ("in use", heap.allocated_bytes),
        ("in use at most so far", heap.peak_bytes),
        ("mapped", heap.mapped_bytes),
        ("may grow to", heap.limit_bytes),
    ];
    writeln!(out, "heap")?;
    for (name, bytes) in rows {
        writeln!(out, "  {name:25} {:>11} {:>11} KiB", "", bytes.div_ceil(1024))?;
    }
    writeln!(
        out,
        "  {} pieces in use, {} gaps; {} allocated so far, {} failures",
        heap.allocations, heap.gaps, heap.total_allocations, heap.failures
    )
}
