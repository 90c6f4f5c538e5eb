//! `reboot`: restarts the machine.

use crate::arch::reset;
use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "reboot",
    usage: "",
    summary: "Restarts the machine.",
    example: "reboot",
    words: NO_WORDS,
    run: Run::Always(|arguments, _| {
        arguments.end()?;
        reset::reboot()
    }),
};
