//! `idt`: the gates, as the CPU reads them from memory.

use core::fmt::{self, Write};

use registers::gate::{Gate, GateKind};
use x86_64::VirtAddr;

use crate::arch::cpu::descriptor_tables;
use crate::mm::debug::peek;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::format::labels::VectorName;
use crate::symbols;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "idt",
    usage: "",
    summary: "Lists the gates of the interrupt descriptor table.",
    example: "idt",
    words: NO_WORDS,
    run: Run::Always(show),
};

fn show(arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let table = descriptor_tables::idt();
    writeln!(out, "IDT at {:#018x}, limit {:#x}", table.base, table.limit)?;
    writeln!(out, "vector name    type      DPL IST CS   handler")?;
    for (vector, entry) in table.entries(Gate::BYTES).enumerate() {
        let (Some(low), Some(high)) = (peek::read_u64(entry), peek::read_u64(entry + 8)) else {
            return Ok(writeln!(out, "{entry:#018x} can't be read")?);
        };
        let Some(gate) = Gate::decode(low, high) else {
            continue;
        };
        let kind = match gate.kind {
            GateKind::Interrupt => "interrupt",
            GateKind::Trap => "trap",
            GateKind::Invalid(_) => "invalid",
        };
        let name = VectorName(vector as u8);
        let Gate { dpl, ist, selector, offset, .. } = gate;
        write!(out, "{vector:#04x}   {name:7} {kind:9} {dpl:3} {ist:3} {selector:04x} ")?;
        match VirtAddr::try_new(offset) {
            Ok(address) => writeln!(out, "{offset:016x} {}", Handler(address))?,
            Err(_) => writeln!(out, "{offset:016x} not canonical")?,
        }
    }
    Ok(())
}

/// The function of a gate. The path is omitted, because a row has no room for it, and the vector,
/// because the row has a column for it.
struct Handler(VirtAddr);

impl fmt::Display for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(function) = symbols::function_at(self.0) else {
            return Ok(());
        };
        let path = function.name.split("::<").next().unwrap_or_default();
        f.write_str(path.rsplit("::").next().unwrap_or(path))?;
        match self.0.as_u64() - function.start {
            0 => Ok(()),
            offset => write!(f, "+{offset:#x}"),
        }
    }
}
