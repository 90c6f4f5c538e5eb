//! `continue`: returns from the monitor to the programs. The prompt beside programs handles it
//! itself.

use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "continue",
    usage: "",
    summary: "Returns the input to the programs, as before Ctrl-Alt-Escape.",
    example: "continue",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| {
        arguments.end()?;
        Ok(writeln!(out, "No program runs.")?)
    }),
};
