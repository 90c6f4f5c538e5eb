//! `run`: starts a program as the first process, beside the prompt.

use core::fmt::Write;

use alloc::vec::Vec;

use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::process::{exec, init, table};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "run",
    usage: "PATH [ARGUMENT…]",
    summary: "Starts a program as the first process, beside the prompt.",
    example: "run /init",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| run(arguments, out)),
};

/// The prompt still reads all typed keys, so the program gets no input.
fn run(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let path = arguments.word().ok_or(ArgumentError::Missing("a program's path"))?;
    if table::made() > 0 {
        writeln!(out, "There was a first process already: only one can be started.")?;
        return Ok(());
    }
    let mut words = Vec::new();
    words.push(path.as_bytes().to_vec());
    while let Some(word) = arguments.word() {
        words.push(word.as_bytes().to_vec());
    }
    let environment = init::ENVIRONMENT.iter().map(|it| it.as_bytes().to_vec()).collect();
    let command = exec::Command { path: path.as_bytes().to_vec(), arguments: words, environment };
    if let Err(error) = init::start(command) {
        writeln!(out, "{path} can't be run: {error}")?;
    }
    Ok(())
}
