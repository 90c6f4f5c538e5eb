//! `poweroff`.

use super::command::{Command, NO_WORDS, Run};
use crate::arch::reset;

pub(super) const COMMAND: Command = Command {
    name: "poweroff",
    usage: "",
    summary: "Switches the machine off.",
    example: "poweroff",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| {
        arguments.end()?;
        reset::power_off();
        writeln!(
            out,
            "This machine can't be switched off from here. It is safe to do so by hand."
        )?;
        Ok(())
    }),
};
