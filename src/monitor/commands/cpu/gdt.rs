//! `gdt`: the segments, as the CPU reads them from memory.

use core::fmt::Write;

use registers::descriptor::{Descriptor, Kind, is_wide};

use crate::arch::cpu::descriptor_tables;
use crate::mm::debug::peek;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "gdt",
    usage: "",
    summary: "Lists the segments of the global descriptor table.",
    example: "gdt",
    words: NO_WORDS,
    run: Run::Always(show),
};

fn show(arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let table = descriptor_tables::gdt();
    writeln!(out, "GDT at {:#018x}, limit {:#x}", table.base, table.limit)?;
    writeln!(out, "selector base             limit    DPL P L D type")?;
    let mut entries = table.entries(8).enumerate();
    while let Some((index, entry)) = entries.next() {
        let Some(word) = peek::read_u64(entry) else {
            return Ok(writeln!(out, "{entry:#018x} can't be read")?);
        };
        let next = if is_wide(word) { entries.next() } else { None };
        let upper = next.and_then(|(_, entry)| peek::read_u64(entry)).unwrap_or(0);
        let Some(descriptor) = Descriptor::decode(word, upper) else {
            continue;
        };
        let Descriptor { base, limit, dpl, is_present, is_long, is_32_bit, .. } = descriptor;
        let [present, long, default] = [is_present, is_long, is_32_bit].map(u8::from);
        let kind = words(descriptor.kind);
        writeln!(
            out,
            "{:#06x}   {base:016x} {limit:08x} {dpl:3} {present} {long} {default} {kind}",
            index * 8
        )?;
    }
    write!(out, "loaded  ")?;
    for (name, selector) in descriptor_tables::selectors() {
        write!(out, " {name} {selector:#x}")?;
    }
    Ok(writeln!(out)?)
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Code { is_conforming: true, .. } => "code, conforming",
        Kind::Code { is_readable: true, .. } => "code, readable",
        Kind::Code { .. } => "code",
        Kind::Data { is_expanding_down: true, .. } => "data, expanding down",
        Kind::Data { is_writable: true, .. } => "data, writable",
        Kind::Data { .. } => "data",
        Kind::TssAvailable => "TSS, available",
        Kind::TssBusy => "TSS, busy",
        Kind::Ldt => "LDT",
        Kind::System(_) => "system",
    }
}
