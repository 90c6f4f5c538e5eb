//! `reboot`.

use super::command::{Command, NO_WORDS, Run};
use crate::arch::reset;

pub(super) const COMMAND: Command = Command {
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
