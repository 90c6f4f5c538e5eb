//! The prompt that looks into the machine.
//!
//! A line is read, taken apart by [`pipeline`], and run by the command that it names, a
//! file each in `commands/`. Commands write to what they are given; that shows it, a
//! screen at a time at the keyboard.

#![forbid(unsafe_code)]

mod arguments;
mod command;
mod commands;
mod dispatch;
mod format;
mod machine;
mod pager;
mod pipeline;
pub mod report_prompt;
mod suggest;

use crate::arch::boot_stage::{self, Stage};
use crate::console::{LineInput, Source};
use crate::println;
use commands::COMMANDS;
use line_editor::Completer;
use pipeline::{Paging, Pipeline};

pub use machine::Machine;

/// What is shown when a command is awaited.
pub const PROMPT: &str = "farjump> ";

/// Reads commands and runs them.
pub fn run(machine: &Machine) -> ! {
    boot_stage::mark(Stage::Prompt);
    println!("64-bit Long Mode reached!");
    println!("Type help for the commands, poweroff to leave.");
    let mut input = LineInput::new();
    loop {
        let source = input.read(PROMPT, &Completion);
        // The screen has no scroll-back as a terminal at the serial line has.
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
    let result = dispatch::run(COMMANDS, machine, pipeline.command, &mut output);
    if result.and_then(|()| output.end()).is_err() {
        output.give_up();
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
            (None, false) => COMMANDS.names(found),
            (Some(_), true) => {}
            (Some((name, _)), false) => {
                if let Some(command) = COMMANDS.find(name) {
                    (command.words)(COMMANDS, found);
                }
            }
        }
    }
}
