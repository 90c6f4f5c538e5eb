//! `backtrace`: how the kernel got to this prompt.

use super::command::{Command, NO_WORDS, Run};
use crate::arch::backtrace::Backtrace;
use crate::symbols::Instruction;

pub(super) const COMMAND: Command = Command {
    name: "backtrace",
    usage: "",
    summary: "Shows the calls that led to this prompt.",
    example: "backtrace",
    words: NO_WORDS,
    run: Run::Always(|arguments, out| {
        arguments.end()?;
        // A return address is behind its call.
        for (depth, address) in Backtrace::here().enumerate() {
            writeln!(out, "{depth:2} {}", Instruction(address - 1))?;
        }
        Ok(())
    }),
};
