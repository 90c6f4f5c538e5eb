//! `time`: how long the machine runs, and the time of day.

use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "time",
    usage: "",
    summary: "Shows the time since the start, and the time of day.",
    example: "time",
    words: NO_WORDS,
    run: Run::Machine(|machine, arguments, out| {
        arguments.end()?;
        let uptime_us = machine.clock.uptime_us();
        let [seconds, us] = [uptime_us / 1_000_000, uptime_us % 1_000_000];
        let [days, hours, minutes] = [seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60];
        writeln!(
            out,
            "since the start  {days} days {hours:02}:{minutes:02}:{:02}.{us:06}",
            seconds % 60
        )?;
        match machine.rtc.now() {
            Ok(time) => writeln!(out, "hardware clock   {time} UTC")?,
            Err(error) => writeln!(out, "hardware clock   {error}")?,
        }
        Ok(())
    }),
};
