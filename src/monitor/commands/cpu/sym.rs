//! `sym`: names for addresses, and addresses of names.

use core::fmt::Write;

use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::symbols::{self, Instruction};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "sym",
    usage: "NAME|0xADDRESS",
    summary: "Finds functions by a part of their name, or by address.",
    example: "sym rust_main",
    words: NO_WORDS,
    run: Run::Always(show),
};

/// The largest number of functions that are listed.
const SHOWN_MAX: usize = 20;

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    // A function's name may contain blanks: `<A as B>::c`.
    let text = arguments.rest();
    if text.is_empty() {
        return Err(ArgumentError::Missing("a name or an address").into());
    }
    if text.starts_with("0x") {
        let mut arguments = Arguments::new(text);
        let address = arguments.address()?;
        arguments.end()?;
        writeln!(out, "{}", Instruction::new(address))?;
        return Ok(());
    }
    let mut found = symbols::find(text);
    for function in found.by_ref().take(SHOWN_MAX) {
        writeln!(
            out,
            "{:#018x} {:6} bytes  {}",
            function.start, function.len_bytes, function.name
        )?;
    }
    match found.count() {
        0 => {}
        more => writeln!(out, "and {more} more")?,
    }
    if symbols::find(text).next().is_none() {
        writeln!(out, "no function has \"{text}\" in its name")?;
    }
    Ok(())
}
