//! `hexdump`: any number of bytes of memory.

use core::fmt::Write;

use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::format::dump;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "hexdump",
    usage: "ADDRESS [LENGTH]",
    summary: "Shows any number of bytes of memory.",
    example: "hexdump ffff800000000400 100",
    words: NO_WORDS,
    run: Run::Always(show),
};

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let start = arguments.address()?;
    let length = arguments.number()?.unwrap_or(0x200);
    arguments.end()?;
    Ok(dump::write(out, start, length)?)
}
