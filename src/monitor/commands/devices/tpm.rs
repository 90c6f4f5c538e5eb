//! `tpm`: the PCRs of the TPM.

use core::fmt::Write;

use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::machine::Machine;
use crate::seal::measure::Report;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "tpm",
    usage: "",
    summary: "Shows the PCRs of the TPM, and what the kernel has measured.",
    example: "tpm",
    words: NO_WORDS,
    run: Run::Machine(show),
};

fn show(_: &Machine, arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    write!(out, "{Report}")?;
    Ok(())
}
