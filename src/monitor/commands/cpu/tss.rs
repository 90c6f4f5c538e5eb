//! `tss`: the stacks that the CPU switches to.

use core::fmt::{self, Write};

use registers::descriptor::Descriptor;
use registers::{TSS_BYTES, Tss};
use x86_64::VirtAddr;

use crate::arch::cpu::descriptor_tables;
use crate::mm::debug::address_kind::AddressKind;
use crate::mm::debug::peek;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "tss",
    usage: "",
    summary: "Shows the task state segment: stacks by ring and by interrupt.",
    example: "tss",
    words: NO_WORDS,
    run: Run::Always(show),
};

fn show(arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let selector = descriptor_tables::task_register();
    let Some(descriptor) = descriptor(selector) else {
        return Ok(writeln!(out, "TR {selector:#x}: no descriptor that can be read")?);
    };
    let Descriptor { base, limit, .. } = descriptor;
    writeln!(out, "TR {selector:#x}: TSS at {base:#018x}, limit {limit:#x}")?;
    let Some(tss) = read(base) else {
        return Ok(writeln!(out, "{base:#018x} can't be read")?);
    };
    for (ring, address) in tss.rsp.into_iter().enumerate() {
        show_stack(out, "RSP", ring, address)?;
    }
    for (index, address) in tss.ist.into_iter().enumerate() {
        show_stack(out, "IST", index + 1, address)?;
    }
    // Source: Intel SDM volume 1, "I/O Permission Bit Map".
    let base = tss.io_map_base;
    let what = if u32::from(base) >= limit { "after the limit: no I/O map" } else { "an I/O map" };
    Ok(writeln!(out, "I/O map base {base:#x}, {what}")?)
}

fn descriptor(selector: u16) -> Option<Descriptor> {
    let entry = descriptor_tables::gdt().base + u64::from(selector & !7);
    Descriptor::decode(peek::read_u64(entry)?, peek::read_u64(entry + 8)?)
}

fn read(base: u64) -> Option<Tss> {
    let mut bytes = [0; TSS_BYTES];
    for (offset, byte) in bytes.iter_mut().enumerate() {
        *byte = peek::read(VirtAddr::try_new(base.checked_add(offset as u64)?).ok()?)?;
    }
    Some(Tss::decode(&bytes))
}

fn show_stack(out: &mut dyn Write, name: &str, index: usize, address: u64) -> fmt::Result {
    write!(out, "{name}{index} {address:#018x}  ")?;
    match VirtAddr::try_new(address.wrapping_sub(1)) {
        _ if address == 0 => writeln!(out, "unused"),
        // The word is the address after the stack's highest byte.
        Ok(highest) => writeln!(out, "top of the {}", AddressKind::of(highest)),
        Err(_) => writeln!(out, "not canonical"),
    }
}
