//! `irq`: the numbers and rates of interrupts.

use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::arch::irq;
use crate::arch::irq::vectors::{FIRST_LINE_VECTOR, LINES};
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::format::labels::{VectorName, vector_purpose};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "irq",
    usage: "",
    summary: "Counts interrupts by vector, in total and per second since last.",
    example: "irq",
    words: NO_WORDS,
    run: Run::Machine(show),
};

/// The counts and the time of the last call of `irq`.
static LAST_COUNTS: [AtomicU64; 256] = [const { AtomicU64::new(0) }; 256];
static LAST_TIME_US: AtomicU64 = AtomicU64::new(0);

fn show(machine: &Machine, arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let now_us = machine.clock.uptime_us();
    let passed_us = now_us.saturating_sub(LAST_TIME_US.swap(now_us, Ordering::Relaxed));
    writeln!(out, "vector name    count         a second  state    what")?;
    for vector in 0..=u8::MAX {
        let line = vector.checked_sub(FIRST_LINE_VECTOR).filter(|line| *line < LINES);
        let count = irq::count(vector);
        let last = LAST_COUNTS[usize::from(vector)].swap(count, Ordering::Relaxed);
        let has_handler = line.map_or_else(|| irq::has_local_handler(vector), irq::has_handler);
        if count == 0 && !has_handler {
            continue;
        }
        let rate = u128::from(count - last) * 1_000_000 / u128::from(passed_us.max(1));
        let state = match line {
            Some(line) if irq::is_masked(line) => "masked",
            Some(_) if has_handler => "handled",
            Some(_) => "open",
            None if has_handler => "handled",
            None => "",
        };
        let what = match line {
            Some(line) => irq::LINE_NAMES[usize::from(line)],
            None => vector_purpose(vector),
        };
        let name = VectorName(vector);
        writeln!(out, "{vector:#04x}   {name:7} {count:<13} {rate:<9} {state:8} {what}")?;
    }
    let (master, slave) = irq::spurious_counts();
    writeln!(out, "spurious: {master} of IRQ 7, {slave} of IRQ 15; in {} ms", passed_us / 1000)?;
    Ok(())
}
