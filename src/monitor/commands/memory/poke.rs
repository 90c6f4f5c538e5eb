//! `poke`: writes a byte of memory.

use core::fmt::Write;

use crate::mm::debug::address_kind::AddressKind;
use crate::mm::debug::peek;
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "poke",
    usage: "ADDRESS BYTE",
    summary: "Writes a byte of memory, which may crash the kernel.",
    example: "poke ffff800000007c00 41",
    words: NO_WORDS,
    run: Run::Always(write),
};

fn write(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let address = arguments.address()?;
    let number = arguments.number()?.ok_or(ArgumentError::Missing("a byte"))?;
    arguments.end()?;
    let Ok(value) = u8::try_from(number) else {
        writeln!(out, "{number:#x}: more than a byte")?;
        return Ok(());
    };
    let place = AddressKind::of(address);
    let before = peek::read(address);
    match (before, peek::write(address, value)) {
        (Some(before), Ok(())) => writeln!(out, "{place}: {before:02x} is {value:02x} now")?,
        (None, Ok(())) => writeln!(out, "{place}: {value:02x} was written")?,
        (_, Err(error)) => writeln!(out, "{place}: not written: {error}")?,
    }
    Ok(())
}
