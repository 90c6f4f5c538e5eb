//! `pt`: the processor's way to an address.

use super::arguments::{ArgumentError, Arguments};
use super::{Command, report_error};
use crate::mm::fault::Shown;
use crate::mm::place::Place;
use crate::mm::walk;
use crate::println;

pub(super) const COMMAND: Command = Command {
    name: "pt",
    usage: "ADDRESS",
    summary: "Walks the page tables to an address, entry by entry.",
    run: |_, text| report_error(&COMMAND, show(text)),
};

fn show(text: &str) -> Result<(), ArgumentError<'_>> {
    let mut arguments = Arguments::new(text);
    let address = arguments.address()?;
    arguments.end()?;
    println!("{address:#018x}: {}", Place::of(address));
    for step in walk::steps(address) {
        println!("  {}", Shown(step));
    }
    match walk::translate(address) {
        Some(physical) => println!("  physical address {physical:#x}"),
        None => println!("  nothing is mapped there"),
    }
    Ok(())
}
