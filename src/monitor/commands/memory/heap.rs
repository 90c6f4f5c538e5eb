//! `heap`: the use of the kernel's heap.

use core::fmt::Write;

use crate::mm::kernel::heap;
use crate::mm::kernel::layout::{HEAP, HEAP_BYTES};
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "heap",
    usage: "",
    summary: "Shows how full the heap is, its pieces and its gaps.",
    example: "heap",
    words: NO_WORDS,
    run: Run::Machine(show),
};

fn show(_: &Machine, arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let heap = heap::statistics();
    let taken_bytes = heap.allocated_bytes + heap.cached_bytes;
    let free_bytes = heap.mapped_bytes.saturating_sub(taken_bytes);
    let start = HEAP.as_u64();
    writeln!(out, "heap from {start:#x}")?;
    for (name, bytes) in [
        ("in use", heap.allocated_bytes),
        ("kept by CPUs, or rounded", heap.cached_bytes),
        ("in use at most so far", heap.peak_bytes),
        ("free, or for bookkeeping", free_bytes),
        ("mapped", heap.mapped_bytes),
        ("mapped at most so far", heap.mapped_peak_bytes),
        ("may grow to", heap.limit_bytes),
        ("addresses reserved", HEAP_BYTES),
    ] {
        writeln!(out, "  {name:25} {bytes:>14} bytes {:>11} KiB", bytes.div_ceil(1024))?;
    }
    writeln!(
        out,
        "  {} pieces in use, {} bytes on average, {} gaps",
        heap.allocations,
        heap.allocated_bytes / heap.allocations.max(1),
        heap.gaps
    )?;
    writeln!(
        out,
        "  {} pieces allocated so far, {} freed, {} refused",
        heap.total_allocations,
        heap.total_allocations - heap.allocations,
        heap.failures
    )?;
    writeln!(out, "  {} bytes at the end can be unmapped", heap.tail_bytes)?;
    Ok(())
}
