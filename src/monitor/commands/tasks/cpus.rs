//! `cpus`: the CPUs.

use core::fmt::Write;

use crate::arch::cpu::percpu;
use crate::arch::irq;
use crate::arch::time::clock;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::machine::Machine;
use crate::task;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "cpus",
    usage: "",
    summary: "Lists the CPUs: load, switches and interrupts.",
    example: "cpus",
    words: NO_WORDS,
    run: Run::Machine(show),
};

fn show(machine: &Machine, arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let now_ns = machine.clock.uptime_ns();
    writeln!(out, "CPU  APIC idle  threads  switches   taken  interrupts")?;
    for cpu in task::cpus() {
        let Some(area) = percpu::get(cpu.id()) else {
            continue;
        };
        let interrupts: u64 = (32..=u8::MAX).map(|vector| irq::count_on(area, vector)).sum();
        let idle_percent = cpu.idle_ns(now_ns) * 100 / now_ns.max(1);
        writeln!(
            out,
            "{:3} {:5} {idle_percent:3} % {:8} {:9} {:7}  {interrupts}",
            cpu.id(),
            area.apic_id().number(),
            cpu.runnable(),
            cpu.switches(),
            cpu.steals(),
        )?;
    }
    let controllers = match irq::active_controller() {
        irq::ActiveController::Pic => "PICs",
        irq::ActiveController::Apic => "APICs",
    };
    let counters = if clock::are_counters_stable() { "agree" } else { "are corrected" };
    writeln!(
        out,
        "{controllers} in charge; timer: {}; the time stamp counters {counters}",
        machine.timer.source
    )?;
    Ok(())
}
