//! The commands, one a file.

mod acpi;
mod audit;
mod backtrace;
mod bench;
mod cat;
mod clear;
mod color;
mod cpuid;
mod cpuid_features;
mod cpus;
mod cr;
mod date;
mod disasm;
mod dump;
mod echo;
mod fault;
mod fields;
mod frames;
mod gdt;
mod heap;
mod help;
mod hexdump;
mod idt;
mod info;
mod irq;
mod kill;
mod labels;
mod layout;
mod locks;
mod log;
mod lspci;
mod maps;
mod mem;
mod modules;
mod msr;
mod peek;
mod poke;
mod ports;
mod poweroff;
mod ps;
mod pt;
mod reboot;
mod sched;
mod stack;
mod sym;
mod test;
mod ticks;
mod time;
mod top;
mod trace;
mod tss;
mod watch;

use super::command::Command;

/// All commands, by name.
pub(super) const COMMANDS: &[&Command] = &[
    &acpi::COMMAND,
    &audit::COMMAND,
    &backtrace::COMMAND,
    &bench::COMMAND,
    &cat::COMMAND,
    &clear::COMMAND,
    &color::COMMAND,
    &cpuid::COMMAND,
    &cpus::COMMAND,
    &cr::COMMAND,
    &date::COMMAND,
    &disasm::COMMAND,
    &echo::COMMAND,
    &fault::COMMAND,
    &frames::COMMAND,
    &gdt::COMMAND,
    &heap::COMMAND,
    &help::COMMAND,
    &hexdump::COMMAND,
    &idt::COMMAND,
    &info::COMMAND,
    &irq::COMMAND,
    &kill::COMMAND,
    &layout::COMMAND,
    &locks::COMMAND,
    &log::COMMAND,
    &lspci::COMMAND,
    &maps::COMMAND,
    &mem::COMMAND,
    &modules::COMMAND,
    &msr::COMMAND,
    &peek::COMMAND,
    &poke::COMMAND,
    &ports::COMMAND,
    &poweroff::COMMAND,
    &ps::COMMAND,
    &pt::COMMAND,
    &reboot::COMMAND,
    &sched::COMMAND,
    &stack::COMMAND,
    &sym::COMMAND,
    &test::COMMAND,
    &ticks::COMMAND,
    &time::COMMAND,
    &top::COMMAND,
    &trace::COMMAND,
    &tss::COMMAND,
    &watch::COMMAND,
];

/// Returns the command with this name.
pub(super) fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name).copied()
}

/// Gives the names of all commands.
pub(super) fn names(found: &mut dyn FnMut(&str)) {
    COMMANDS.iter().for_each(|command| found(command.name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn commands_are_sorted_and_described() {
        assert!(COMMANDS.is_sorted_by(|one, next| one.name < next.name));
        for command in COMMANDS {
            let Command { name, summary, example, .. } = command;
            assert!(name.len() < 10 && summary.len() < 70, "{name}: help shows it in a row");
            assert!(summary.ends_with('.'), "{name}: {summary}");
            assert!(example.starts_with(name), "{name}: {example}");
        }
    }
}
