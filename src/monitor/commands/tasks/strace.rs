//! `strace`: logs the system calls of processes.

use core::fmt::Write;

use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, Run};
use crate::syscall::strace::{self, Choice};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "strace",
    usage: "[all|off|NUMBER|NAME]",
    summary: "Logs the system calls of a process, of those with a name, or of all.",
    example: "strace off",
    words: |_, found| ["all", "off"].into_iter().for_each(found),
    run: Run::Machine(|_, arguments, out| run(arguments, out)),
};

fn run(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let word = arguments.word();
    arguments.end()?;
    if let Some(word) = word {
        strace::set(Choice::parse(word));
    }
    match strace::choice() {
        Choice::Off => writeln!(out, "No system calls are logged.")?,
        Choice::All => writeln!(out, "The system calls of all processes are logged.")?,
        Choice::Process(pid) => writeln!(out, "The system calls of process {pid} are logged.")?,
        Choice::Name(name) => writeln!(out, "The system calls of {name} are logged.")?,
    }
    Ok(())
}
