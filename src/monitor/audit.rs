//! `audit`: whether memory is as it should be.

use super::Command;
use crate::mm::audit;
use crate::println;

pub(super) const COMMAND: Command = Command {
    name: "audit",
    usage: "",
    summary: "Holds all page tables and frames against the rules of memory.",
    run: |_, _| {
        let audit = audit::run();
        for finding in &audit.findings {
            println!("{finding}");
        }
        println!("{audit}");
    },
};
