//! The prompt, which shows the machine's state.
//!
//! [`pipeline`] splits a typed line into a command and its stages; then the command runs. Each
//! command is a file in `commands/`, and writes to the writer that is passed to it. On the keyboard
//! and screen, the output pauses after each screenful.

#![forbid(unsafe_code)]

mod arguments;
pub mod boot_record;
mod command;
mod commands;
pub mod device;
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
use commands::session::resume;
use line_editor::Completer;
use pipeline::{Paging, Pipeline};

pub use machine::Machine;

/// The text that is shown before a command is typed.
pub const PROMPT: &str = "farjump> ";

/// Reads commands and runs them. Never inlined, so that traces show this function.
#[inline(never)]
pub fn run(machine: &Machine) -> ! {
    boot_stage::mark(Stage::Prompt);
    boot_record::take();
    println!("64-bit Long Mode reached!");
    println!("Type help for the commands, poweroff to leave.");
    let mut session = Session::new();
    loop {
        let paging = session.read();
        execute(machine, session.input.line(), paging);
    }
}

/// A prompt with its history.
pub struct Session {
    input: LineInput,
}

impl Session {
    /// Makes a prompt without history.
    #[expect(clippy::new_without_default, reason = "it allocates, so it is made at the start")]
    pub fn new() -> Self {
        Self { input: LineInput::new() }
    }

    /// Reads commands and runs them beside programs, until `continue` or `exit` is typed.
    pub fn run_beside_programs(&mut self, machine: &Machine) {
        println!("\nPrograms keep running; continue returns the input to them.");
        loop {
            let paging = self.read();
            let line = self.input.line().trim();
            if line.eq_ignore_ascii_case(resume::COMMAND.name) || line.eq_ignore_ascii_case("exit")
            {
                return;
            }
            execute(machine, self.input.line(), paging);
        }
    }

    /// Reads a line; returns whether its output should be paged.
    fn read(&mut self) -> Paging {
        // A terminal at the serial line can scroll back; for input from the keyboard, output is
        // paged.
        match self.input.read(PROMPT, &Completion) {
            Some(Source::Keyboard) => Paging::Always,
            Some(Source::Serial) | None => Paging::Asked,
        }
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

/// The words that Tab completes: commands and their arguments.
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
