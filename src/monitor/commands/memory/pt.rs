//! `pt`: the walk through the page tables to an address.

use core::fmt::Write;

use crate::mm::debug::address_kind::AddressKind;
use crate::mm::debug::entry_text::Shown;
use crate::mm::debug::walk;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "pt",
    usage: "ADDRESS",
    summary: "Walks the page tables to an address, entry by entry.",
    example: "pt rust_main",
    words: NO_WORDS,
    run: Run::Always(show),
};

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let address = arguments.address()?;
    arguments.end()?;
    writeln!(out, "{address:#018x}: {}", AddressKind::of(address))?;
    for step in walk::steps(address) {
        writeln!(out, "  {}", Shown(step))?;
    }
    match walk::translate(address) {
        Some(physical) => writeln!(out, "  physical address {physical:#x}")?,
        None => writeln!(out, "  nothing is mapped there")?,
    }
    Ok(())
}
