//! `audit`: checks memory.

use crate::mm::debug::audit;
use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "audit",
    usage: "",
    summary: "Checks all page tables and frames against the rules of memory.",
    example: "audit",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| {
        arguments.end()?;
        let audit = audit::run();
        for finding in &audit.findings {
            writeln!(out, "{finding}")?;
        }
        writeln!(out, "{audit}")?;
        Ok(())
    }),
};
