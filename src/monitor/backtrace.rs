//! `backtrace`: how the kernel got to this prompt.

use super::Command;
use crate::arch::backtrace::Backtrace;
use crate::println;
use crate::symbols::Instruction;

pub(super) const COMMAND: Command = Command {
    name: "backtrace",
    usage: "",
    summary: "Shows the calls that led to this prompt.",
    run: |_, _| {
        // A return address is behind its call.
        for (depth, address) in Backtrace::here().enumerate() {
            println!("{depth:2} {}", Instruction(address - 1));
        }
    },
};
