//! `sched`: the time that woken threads wait for a CPU.

use core::fmt::Write;

use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::task;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "sched",
    usage: "",
    summary: "Shows switches, and how long woken threads wait for a CPU.",
    example: "sched",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| show(arguments, out)),
};

const BAR_CHARS: u64 = 40;

fn show(arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let switches: u64 = task::cpus().map(|cpu| cpu.switches()).sum();
    let steals: u64 = task::cpus().map(|cpu| cpu.steals()).sum();
    writeln!(
        out,
        "{switches} switches on {} CPUs, {steals} threads taken over",
        task::cpus().count()
    )?;
    let mut counts = [0; task::LATENCIES];
    for cpu in task::cpus() {
        let latencies = cpu.latencies();
        counts.iter_mut().zip(latencies).for_each(|(count, latency)| *count += latency);
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    writeln!(out, "from woken to running       count")?;
    let first = counts.iter().position(|&count| count > 0).unwrap_or(counts.len());
    let end = counts.iter().rposition(|&count| count > 0).map_or(0, |last| last + 1);
    for (entry, &count) in counts.iter().enumerate().take(end).skip(first) {
        let bar = (count * BAR_CHARS).div_ceil(most.max(1)) as usize;
        writeln!(out, "from {:>8} {count:13}  {:#<bar$}", Time(1 << entry), "")?;
    }
    Ok(())
}

/// A time in nanoseconds, shown in the largest unit in which it is at least 1.
pub(in crate::monitor) struct Time(pub u64);

impl core::fmt::Display for Time {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut text = heapless::String::<24>::new();
        match self.0 {
            ns @ 0..1_000 => write!(text, "{ns} ns")?,
            ns @ 1_000..1_000_000 => write!(text, "{} us", ns / 1_000)?,
            ns @ 1_000_000..1_000_000_000 => write!(text, "{} ms", ns / 1_000_000)?,
            ns => write!(text, "{} s", ns / 1_000_000_000)?,
        }
        f.pad(&text)
    }
}
