//! `poke`: bytes into memory.

use super::arguments::{ArgumentError, Arguments};
use super::{Command, report_error};
use crate::mm::peek;
use crate::mm::place::Place;
use crate::println;

pub(super) const COMMAND: Command = Command {
    name: "poke",
    usage: "ADDRESS BYTE",
    summary: "Writes a byte of memory. The kernel may not survive it.",
    run: |_, text| report_error(&COMMAND, write(text)),
};

fn write(text: &str) -> Result<(), ArgumentError<'_>> {
    let mut arguments = Arguments::new(text);
    let address = arguments.address()?;
    let number = arguments.number()?.ok_or(ArgumentError::Missing("a byte"))?;
    arguments.end()?;
    let Ok(value) = u8::try_from(number) else {
        println!("{number:#x}: more than a byte");
        return Ok(());
    };
    let place = Place::of(address);
    let before = peek::read(address);
    match (before, peek::write(address, value)) {
        (Some(before), Ok(())) => println!("{place}: {before:02x} is {value:02x} now"),
        (None, Ok(())) => println!("{place}: {value:02x} was written"),
        (_, Err(error)) => println!("{place}: not written: {error}"),
    }
    Ok(())
}
