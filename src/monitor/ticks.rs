//! `ticks`: the timer.

use super::Command;
use crate::println;

pub(super) const COMMAND: Command = Command {
    name: "ticks",
    usage: "",
    summary: "Shows the timer's ticks and the time since the start.",
    run: |machine, _| {
        let uptime_us = machine.clock.uptime_us();
        println!(
            "{} ticks of {} ns; {}.{:06} s since the start",
            machine.timer.ticks(),
            machine.timer.tick_ns,
            uptime_us / 1_000_000,
            uptime_us % 1_000_000
        );
    },
};
