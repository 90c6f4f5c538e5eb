//! The prompt that looks into the machine: one command a file.

#![forbid(unsafe_code)]

mod arguments;
mod audit;
mod backtrace;
mod fault;
mod help;
mod info;
mod maps;
mod mem;
mod peek;
mod poke;
mod poweroff;
mod pt;
mod reboot;
mod sym;
mod ticks;

use crate::arch::clock::Clock;
use crate::arch::processor::Processor;
use crate::arch::progress::{self, Stage};
use crate::arch::steps::Interrupts;
use crate::arch::timer::Timer;
use crate::boot::Boot;
use crate::console::{self, Console};
use crate::mm::Memory;
use crate::println;
use arguments::ArgumentError;

/// What is shown when a command is awaited.
pub const PROMPT: &str = "farjump> ";

/// The machine as bring-up left it.
pub struct Machine {
    /// What the loader told.
    pub boot: &'static Boot,
    /// The time since the start.
    pub clock: Clock,
    /// What a person can see and type on.
    pub console: Console,
    /// Proof that interrupts are on.
    pub interrupts: Interrupts,
    /// Proof that the kernel owns its memory.
    pub memory: Memory,
    /// The processor that was found.
    pub processor: Processor,
    /// The running timer.
    pub timer: Timer,
}

/// A command of the prompt.
struct Command {
    name: &'static str,
    /// What may stand behind the name.
    usage: &'static str,
    /// A sentence on what it does.
    summary: &'static str,
    run: fn(&Machine, &str),
}

const COMMANDS: [&Command; 14] = [
    &audit::COMMAND,
    &backtrace::COMMAND,
    &fault::COMMAND,
    &help::COMMAND,
    &info::COMMAND,
    &maps::COMMAND,
    &mem::COMMAND,
    &peek::COMMAND,
    &poke::COMMAND,
    &poweroff::COMMAND,
    &pt::COMMAND,
    &reboot::COMMAND,
    &sym::COMMAND,
    &ticks::COMMAND,
];

/// Reads commands and runs them.
pub fn run(machine: &Machine) -> ! {
    progress::mark(Stage::Prompt);
    println!("64-bit Long Mode reached!");
    println!("Type help for the commands, poweroff to leave.");
    loop {
        execute(machine, &console::read_line(PROMPT));
    }
}

/// Runs one line: a command's name and its arguments.
fn execute(machine: &Machine, line: &str) {
    let line = line.trim();
    let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
    if name.is_empty() {
        return;
    }
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.run)(machine, arguments.trim()),
        None => println!("{name}: no such command; help lists them"),
    }
}

/// Says what was wrong with a command's arguments, if anything was.
fn report_error(command: &Command, result: Result<(), ArgumentError<'_>>) {
    if let Err(error) = result {
        println!("{}: {error}; usage: {} {}", command.name, command.name, command.usage);
    }
}
