//! `maps`: the mappings of the kernel's page table, or the regions of a process.

use core::fmt::{self, Write};

use paging::{MappedRange, PageSize};
use x86_64::VirtAddr;

use crate::arch::cpu::gdt::Ist;
use crate::mm::debug::address_kind::AddressKind;
use crate::mm::debug::entry_text::Rights;
use crate::mm::kernel::kernel_space;
use crate::mm::kernel::stacks::Use;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::commands::tasks::processes;
use crate::process::process::Process;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "maps",
    usage: "[PROCESS]",
    summary: "Lists the mappings of the kernel or of a process.",
    example: "maps | find stack",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| show(arguments, out)),
};

fn show(arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    if !arguments.is_empty() {
        return match processes::named(arguments, out)? {
            Some(process) => show_process(&process, out),
            None => Ok(()),
        };
    }
    arguments.end()?;
    writeln!(out, "addresses                         frames from     pages      rights what")?;
    let mut from = Some(VirtAddr::zero());
    // The lock is released after each range, because printing takes long.
    while let Some(range) = from.and_then(kernel_space::next_range) {
        show_range(out, &range)?;
        from = range.next();
    }
    writeln!(out, "rights: read write execute user global; d: a device, n: not cached,")?;
    writeln!(out, "        c: write-combining")?;
    Ok(())
}

/// Writes the regions of a process.
fn show_process(process: &Process, out: &mut dyn Write) -> Result<(), Error> {
    let Some(memory) = process.memory() else {
        writeln!(out, "The process has ended, and has no memory.")?;
        return Ok(());
    };
    writeln!(out, "addresses                 rights  pages  there what")?;
    let mut result = Ok(());
    memory.for_each_region(|region, mappings| {
        if result.is_err() {
            return;
        }
        let range = region.range();
        result = writeln!(
            out,
            "{:012x}-{:012x} {} {:8} {:6} {:?}",
            range.start(),
            range.end(),
            region.attributes(),
            range.pages(),
            mappings.pages(range),
            region.backing(),
        );
    });
    Ok(result?)
}

fn show_range(out: &mut dyn Write, range: &MappedRange) -> fmt::Result {
    let size = match range.mapping.size {
        PageSize::Size4K => "4K",
        PageSize::Size2M => "2M",
        PageSize::Size1G => "1G",
    };
    writeln!(
        out,
        "{:016x}-{:016x} {:012x} {:6} x {size} {} {}",
        range.start,
        range.last(),
        range.mapping.paddr,
        range.pages,
        Rights(range.mapping.flags),
        Label(AddressKind::of(range.start))
    )
}

/// The kind of an address, short enough for a row of 80 columns.
struct Label(AddressKind);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            AddressKind::Device(name) => f.write_str(name),
            AddressKind::Stack(stack) => match stack.purpose() {
                Use::Ist { cpu: 0, ist } => write!(f, "{} IST stack", mnemonic(ist)),
                Use::Ist { cpu, ist } => write!(f, "{} IST CPU {cpu}", mnemonic(ist)),
                Use::Idle { cpu } => write!(f, "idle of CPU {cpu}"),
                Use::Thread(number) => write!(f, "thread {number}"),
                Use::Boot => f.write_str("boot stack"),
            },
            place => write!(f, "{place}"),
        }
    }
}

fn mnemonic(ist: Ist) -> &'static str {
    match ist {
        Ist::DoubleFault => "#DF",
        Ist::Nmi => "NMI",
        Ist::MachineCheck => "#MC",
        Ist::Debug => "#DB",
    }
}
