//! `ticks`: the timer's interrupts.

use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "ticks",
    usage: "",
    summary: "Shows the timer's interrupts and the time since the start.",
    example: "ticks",
    words: NO_WORDS,
    run: Run::Machine(|machine, arguments, out| {
        arguments.end()?;
        let uptime_us = machine.clock.uptime_us();
        writeln!(
            out,
            "{} ticks of the {} timer; {}.{:06} s since the start",
            machine.timer.interrupts(),
            machine.timer.source,
            uptime_us / 1_000_000,
            uptime_us % 1_000_000
        )?;
        Ok(())
    }),
};
