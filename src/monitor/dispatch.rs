//! Finds the command that a line names, and runs it.

use core::fmt::{self, Write};

use super::arguments::{ArgumentError, Arguments};
use super::command::{Command, Commands, Error, Run};
use super::machine::Machine;
use super::suggest;

/// Runs a command with its arguments. Never inlined, so that traces show this function.
///
/// # Errors
/// [`fmt::Error`] if the user has ended the output.
#[inline(never)]
pub(super) fn run(
    commands: Commands,
    machine: &Machine,
    text: &str,
    out: &mut dyn Write,
) -> fmt::Result {
    let mut arguments = Arguments::new(text);
    let Some(name) = arguments.word() else {
        return Ok(());
    };
    let Some(command) = commands.find(name) else {
        return report_unknown(commands, name, out);
    };
    let result = match command.run {
        Run::Machine(run) => run(machine, arguments, out),
        Run::OnMachineAndCommands(run) => run(commands, machine, arguments, out),
        Run::Always(run) => run(arguments, out),
        Run::OnCommands(run) => run(commands, arguments, out),
    };
    report_result(commands, command, result, out)
}

/// Reports the error in the arguments of a command that has failed.
pub(super) fn report_result(
    commands: Commands,
    command: &Command,
    result: Result<(), Error>,
    out: &mut dyn Write,
) -> fmt::Result {
    let Command { name, usage, .. } = command;
    match result {
        Ok(()) => Ok(()),
        Err(Error::OutputEnded) => Err(fmt::Error),
        Err(Error::Argument(error)) => {
            write!(out, "{name}: {error}")?;
            if let ArgumentError::Unknown(word) = &error
                && let Some(meant) = suggest::argument(commands, command, word)
            {
                write!(out, " (did you mean {meant}?)")?;
            }
            writeln!(out, "; usage: {name} {usage}")
        }
    }
}

/// Reports that there is no command `name`, and suggests a similar one.
pub(super) fn report_unknown(commands: Commands, name: &str, out: &mut dyn Write) -> fmt::Result {
    match suggest::command(commands, name) {
        Some(meant) => writeln!(out, "no such command: {name} (did you mean {meant}?)"),
        None => writeln!(out, "no such command: {name} (help lists them)"),
    }
}
