//! `peek`: some bytes of memory.

use core::fmt::Write;

use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::format::dump;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "peek",
    usage: "ADDRESS [LENGTH]",
    summary: "Shows bytes of memory.",
    example: "peek rust_main 40",
    words: NO_WORDS,
    run: Run::Always(show),
};

/// The largest number of bytes that are shown at once.
const LENGTH_MAX: u64 = 0x1000;

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let start = arguments.address()?;
    let length = arguments.number()?.unwrap_or(0x40);
    arguments.end()?;
    if length > LENGTH_MAX {
        writeln!(out, "peek shows at most {LENGTH_MAX:#x} bytes; hexdump shows more")?;
    }
    Ok(dump::write(out, start, length.min(LENGTH_MAX))?)
}
