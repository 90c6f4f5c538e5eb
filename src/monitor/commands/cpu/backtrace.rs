//! `backtrace`: the calls that led to this prompt, or to the place where the kernel
//! stopped.

use crate::arch::debug::backtrace::Backtrace;
use crate::monitor::command::{Command, NO_WORDS, Run};
use crate::panic::{self, Trace};
use crate::symbols::Instruction;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "backtrace",
    usage: "",
    summary: "Shows the calls that led here, or to where the kernel stopped.",
    example: "backtrace",
    words: NO_WORDS,
    run: Run::Always(|arguments, out| {
        arguments.end()?;
        let here = || Trace { instruction: None, callers: Backtrace::here() };
        let trace = panic::last_trace().unwrap_or_else(here);
        for (depth, address) in trace.addresses().enumerate() {
            writeln!(out, "{depth:2} {}", Instruction::new(address))?;
        }
        Ok(())
    }),
};
