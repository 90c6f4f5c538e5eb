//! `continue`: leaves the monitor for the programs. The prompt beside programs handles it itself.

use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "continue",
    usage: "",
    summary: "Returns the input to the programs, where Ctrl-Alt-Escape came from.",
    example: "continue",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| {
        arguments.end()?;
        Ok(writeln!(out, "No program runs.")?)
    }),
};
