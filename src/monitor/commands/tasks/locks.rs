//! `locks`: the use of spin locks, and the longest time with interrupts off.

use alloc::string::String;
use core::fmt::Write;

use crate::arch::cpu::percpu;
use crate::arch::irq::interrupt_flag;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::commands::tasks::sched::Time;
use crate::monitor::format::labels::Function;
use crate::monitor::machine::Machine;
use crate::sync::Rank;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "locks",
    usage: "",
    summary: "Shows how often spin locks were taken and waited for, and how long.",
    example: "locks",
    words: NO_WORDS,
    run: Run::Machine(show),
};

fn show(machine: &Machine, arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let frequency_hz = machine.clock.rate().hz;
    let time = |ticks: u64| {
        Time((u128::from(ticks) * 1_000_000_000 / u128::from(frequency_hz.max(1))) as u64)
    };
    if cfg!(debug_assertions) {
        writeln!(out, "rank              taken      waited for  longest hold")?;
        for rank in Rank::ALL.iter().filter(|rank| !rank.is_sleeping()) {
            let (mut taken, mut waited, mut longest) = (0, 0, 0);
            for statistics in percpu::all().map(|cpu| rank.statistics(cpu)) {
                taken += statistics.taken();
                waited += statistics.waited();
                longest = statistics.longest_ticks().max(longest);
            }
            let name = alloc::format!("{rank:?}");
            writeln!(out, "{name:12} {taken:10} {waited:15}  {:>12}", time(longest))?;
        }
    } else {
        writeln!(out, "Only debug builds count locks, and how long interrupts were off.")?;
    }
    if let Some(longest) = interrupt_flag::longest_off() {
        writeln!(
            out,
            "interrupts were off for {} at most, on CPU {}, until\n  {}",
            time(longest.ticks),
            longest.cpu,
            cut(Function(longest.ended_by))
        )?;
    }
    Ok(())
}

/// Returns the start of a name, cut to fit a row.
fn cut(name: Function) -> String {
    alloc::format!("{name}").chars().take(76).collect()
}
