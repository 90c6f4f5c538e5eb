//! `reboot`: restarts the machine.

use crate::arch::reset;
use crate::fs::device_cache;
use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "reboot",
    usage: "",
    summary: "Restarts the machine.",
    example: "reboot",
    words: NO_WORDS,
    run: Run::Always(|arguments, _| {
        arguments.end()?;
        device_cache::close_all();
        reset::reboot()
    }),
};
