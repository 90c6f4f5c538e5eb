//! The prompt, which shows the machine's state.
//!
//! [`pipeline`] splits a typed line into a command and its stages; then the command runs.
//! Each command is a file in `commands/`, and writes to the writer that it is given. At
//! the keyboard the output stops after each screen.

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

/// The text that is shown before a command is typed.
pub const PROMPT: &str = "farjump> ";

/// Reads commands and runs them.
pub fn run(machine: &Machine) -> ! {
    boot_stage::mark(Stage::Prompt);
    println!("64-bit Long Mode reached!");
    println!("Type help for the commands, poweroff to leave.");
    let mut input = LineInput::new();
    loop {
        let source = input.read(PROMPT, &Completion);
        // A terminal at the serial line has a scroll-back; for the keyboard's user output
        // is paged.
        let paging = match source {
            Some(Source::Keyboard) => Paging::Always,
            Some(Source::Serial) | None => Paging::Asked,
        };
        execute(machine, input.line(), paging);
    }
}

/// Runs one line: a command's name, its arguments, and the stages for its output.
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

/// The words that Tab offers: commands and their arguments.
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
