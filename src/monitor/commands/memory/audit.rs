//! `audit`: checks memory.

use alloc::vec::Vec;

use crate::mm::debug::audit::{self, programs};
use crate::monitor::command::{Command, NO_WORDS, Run};
use crate::process::table;

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
        let processes = table::all();
        let spaces: Vec<_> = processes.iter().filter_map(|process| process.memory()).collect();
        match programs::run(&spaces) {
            Ok(audit) => {
                for finding in &audit.findings {
                    writeln!(out, "{finding}")?;
                }
                writeln!(out, "programs: {audit}")?;
            }
            Err(programs::NoMemory) => {
                writeln!(out, "programs: no memory is left for the list of pages")?;
            }
        }
        Ok(())
    }),
};
