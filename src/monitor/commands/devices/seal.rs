//! `seal`: what was verified, and by whom.

use core::fmt::Write;

use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, Run};
use crate::monitor::machine::Machine;
use crate::seal::report::Report;
use crate::seal::{self, scrub};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "seal",
    usage: "[scrub]",
    summary: "Shows what was verified, and by whom; scrub checks the whole medium.",
    example: "seal",
    words: |_, found| found("scrub"),
    run: Run::Machine(show),
};

fn show(_: &Machine, mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let word = arguments.word();
    arguments.end()?;
    match (word, seal::sealed()) {
        (Some("scrub"), Some(sealed)) => match scrub::scrub(sealed) {
            Ok(scrubbed) => writeln!(out, "{scrubbed}")?,
            Err(error) => writeln!(out, "{error}")?,
        },
        (None | Some("scrub"), _) => write!(out, "{Report}")?,
        (Some(word), _) => return Err(ArgumentError::unknown(word).into()),
    }
    Ok(())
}
