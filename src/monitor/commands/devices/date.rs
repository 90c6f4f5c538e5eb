//! `date`: the time of the hardware clock.

use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "date",
    usage: "",
    summary: "Shows the date and the time of day.",
    example: "date",
    words: NO_WORDS,
    run: Run::Machine(|machine, arguments, out| {
        arguments.end()?;
        match machine.rtc.now() {
            Ok(time) => writeln!(out, "{time} UTC (by the hardware clock)")?,
            Err(error) => writeln!(out, "date: {error}")?,
        }
        Ok(())
    }),
};
