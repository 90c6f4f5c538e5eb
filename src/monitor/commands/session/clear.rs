//! `clear`: clears the screen.

use crate::console;
use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "clear",
    usage: "",
    summary: "Clears the screen.",
    example: "clear",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| {
        arguments.end()?;
        Ok(out.write_str(console::CLEAR)?)
    }),
};
