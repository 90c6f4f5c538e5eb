//! The prompt that looks into the machine.
//!
//! A line is read, taken apart by [`pipeline`], and run by the command that it names, a
//! file each in `commands/`. Commands write to what they are given; that shows it, a
//! screen at a time if somebody is to read it.

#![forbid(unsafe_code)]

mod arguments;
mod command;
mod commands;
mod format;
mod pager;
mod pipeline;
pub mod report_prompt;
mod suggest;

use core::fmt::{self, Write};

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::features::Processor;
use crate::arch::init_order::Interrupts;
use crate::arch::time::clock::Clock;
use crate::arch::time::timer::Timer;
use crate::boot::Boot;
use crate::console::{Console, LineInput, Source};
use crate::drivers::acpi::Acpi;
use crate::drivers::bus::pci::Pci;
use crate::drivers::char::rtc::Rtc;
use crate::mm::Memory;
use crate::println;
use crate::task::Tasks;
use arguments::Arguments;
use command::{Command, Error, Run};
use commands::{find, names};
use line_editor::Completer;
use pipeline::{Paging, Pipeline};

/// What is shown when a command is awaited.
pub const PROMPT: &str = "farjump> ";

/// The machine as bring-up left it.
pub struct Machine {
    /// The firmware's tables, if it has any.
    pub acpi: Option<Acpi>,
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
    /// The functions that were found on PCI buses.
    pub pci: Pci,
    /// The processor that was found.
    pub processor: Processor,
    /// The hardware clock.
    pub rtc: Rtc,
    /// Proof that there are threads.
    pub tasks: Tasks,
    /// The running timer.
    pub timer: Timer,
}

/// Reads commands and runs them.
pub fn run(machine: &Machine) -> ! {
    boot_stage::mark(Stage::Prompt);
    println!("64-bit Long Mode reached!");
    println!("Type help for the commands, poweroff to leave.");
    let mut input = LineInput::new();
    loop {
        let source = input.read(PROMPT, &Completion);
        // Somebody at the keyboard has no more than a screen to read.
        let paging = match source {
            Some(Source::Keyboard) => Paging::Always,
            Some(Source::Serial) | None => Paging::Asked,
        };
        execute(machine, input.line(), paging);
    }
}

/// Runs one line: a command's name, its arguments, and what its output goes through.
fn execute(machine: &Machine, line: &str, paging: Paging) {
    let pipeline = match Pipeline::parse(line, paging) {
        Ok(pipeline) => pipeline,
        Err(error) => return println!("{error}"),
    };
    let mut output = pipeline.output();
    let result = run_command(machine, pipeline.command, &mut output);
    if result.and_then(|()| output.end()).is_err() {
        output.give_up();
    }
}

/// Runs a command with its arguments.
///
/// # Errors
/// [`fmt::Error`] if nobody wants to see the rest of what it writes.
fn run_command(machine: &Machine, text: &str, out: &mut dyn Write) -> fmt::Result {
    let mut arguments = Arguments::new(text);
    let Some(name) = arguments.word() else {
        return Ok(());
    };
    let Some(command) = find(name) else {
        return report_unknown(name, out);
    };
    let result = match command.run {
        Run::Machine(run) => run(machine, arguments, out),
        Run::Always(run) => run(arguments, out),
    };
    report_result(command, result, out)
}

/// Says what was wrong with a command's arguments, if anything was.
fn report_result(command: &Command, result: Result<(), Error>, out: &mut dyn Write) -> fmt::Result {
    let Command { name, usage, .. } = command;
    match result {
        Ok(()) => Ok(()),
        Err(Error::OutputEnded) => Err(fmt::Error),
        Err(Error::Argument(error)) => writeln!(out, "{name}: {error}; usage: {name} {usage}"),
    }
}

fn report_unknown(name: &str, out: &mut dyn Write) -> fmt::Result {
    match suggest::nearest(name) {
        Some(nearest) => writeln!(out, "{name}: no such command; did you mean {nearest}?"),
        None => writeln!(out, "{name}: no such command; help lists them"),
    }
}

/// What Tab offers: commands, and the words that they take.
struct Completion;

impl Completer for Completion {
    fn candidates(&self, line: &str, cursor: usize, found: &mut dyn FnMut(&str)) {
        let before = &line[..cursor];
        let stage = before.rsplit('|').next().unwrap_or(before).trim_start();
        match (stage.split_once(char::is_whitespace), stage.len() < before.trim_start().len()) {
            (None, true) => ["count", "find", "more", "skip"].into_iter().for_each(found),
            (None, false) => names(found),
            (Some(_), true) => {}
            (Some((name, _)), false) => {
                if let Some(command) = find(name) {
                    (command.words)(found);
                }
            }
        }
    }
}
