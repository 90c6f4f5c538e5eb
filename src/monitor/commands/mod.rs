//! The commands, one per file.

mod cpu;
mod devices;
mod files;
mod memory;
pub(super) mod session;
mod tasks;

use super::command::Commands;

/// All commands, by name.
pub(in crate::monitor) const COMMANDS: Commands = Commands(&[
    &devices::acpi::COMMAND,
    &memory::audit::COMMAND,
    &cpu::backtrace::COMMAND,
    &session::bench::COMMAND,
    &devices::blkdump::COMMAND,
    &devices::blktrace::COMMAND,
    &session::boot::COMMAND,
    &devices::cache::COMMAND,
    &session::cat::COMMAND,
    &session::clear::COMMAND,
    &session::color::COMMAND,
    &session::resume::COMMAND,
    &cpu::cpuid::COMMAND,
    &tasks::cpus::COMMAND,
    &cpu::cr::COMMAND,
    &devices::date::COMMAND,
    &cpu::disasm::COMMAND,
    &devices::disks::COMMAND,
    &session::echo::COMMAND,
    &session::fault::COMMAND,
    &tasks::fds::COMMAND,
    &memory::frames::COMMAND,
    &cpu::gdt::COMMAND,
    &memory::heap::COMMAND,
    &session::help::COMMAND,
    &memory::hexdump::COMMAND,
    &cpu::idt::COMMAND,
    &session::info::COMMAND,
    &devices::irq::COMMAND,
    &tasks::kill::COMMAND,
    &session::layout::COMMAND,
    &tasks::locks::COMMAND,
    &session::log::COMMAND,
    &files::ls::COMMAND,
    &devices::lspci::COMMAND,
    &memory::maps::COMMAND,
    &memory::mem::COMMAND,
    &files::mkdir::COMMAND,
    &memory::modules::COMMAND,
    &files::mounts::COMMAND,
    &cpu::msr::COMMAND,
    &memory::peek::COMMAND,
    &memory::poke::COMMAND,
    &devices::ports::COMMAND,
    &session::poweroff::COMMAND,
    &tasks::profile::COMMAND,
    &tasks::ps::COMMAND,
    &memory::pt::COMMAND,
    &session::reboot::COMMAND,
    &files::rm::COMMAND,
    &tasks::run::COMMAND,
    &tasks::sched::COMMAND,
    &devices::seal::COMMAND,
    &tasks::signals::COMMAND,
    &cpu::stack::COMMAND,
    &files::stat::COMMAND,
    &tasks::strace::COMMAND,
    &cpu::sym::COMMAND,
    &session::test::COMMAND,
    &devices::ticks::COMMAND,
    &devices::time::COMMAND,
    &tasks::top::COMMAND,
    &devices::tpm::COMMAND,
    &tasks::trace::COMMAND,
    &cpu::tss::COMMAND,
    &session::watch::COMMAND,
    &files::write::COMMAND,
]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::command::Command;

    #[test_case]
    fn commands_are_sorted_and_described() {
        assert!(COMMANDS.0.is_sorted_by(|one, next| one.name < next.name));
        for command in COMMANDS.0 {
            let Command { name, summary, example, .. } = command;
            assert!(name.len() < 10 && summary.len() < 70, "{name}: help shows it in a row");
            assert!(summary.ends_with('.'), "{name}: {summary}");
            assert!(example.starts_with(name), "{name}: {example}");
        }
    }
}
