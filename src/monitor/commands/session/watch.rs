//! `watch`: repeats a command.

use core::fmt::Write;

use line_editor::Key;

use crate::console;
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Commands, Error, Run};
use crate::monitor::dispatch;
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "watch",
    usage: "COMMAND",
    summary: "Runs COMMAND once a second, until a key is typed.",
    example: "watch ticks",
    words: Commands::names,
    run: Run::OnMachineAndCommands(watch),
};

const PERIOD_US: u64 = 1_000_000;

fn watch(
    commands: Commands,
    machine: &Machine,
    mut arguments: Arguments<'_>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let command = arguments.rest();
    if command.is_empty() {
        return Err(ArgumentError::Missing("a command").into());
    }
    if command.split_whitespace().next() == Some(COMMAND.name) {
        return Err(ArgumentError::unknown(command).into());
    }
    loop {
        out.write_str(console::CLEAR)?;
        dispatch::run(commands, machine, command, out)?;
        match console::wait_key_for(PERIOD_US) {
            None => {}
            Some(typed) if typed.key == Key::Ctrl('c') => return Err(Error::OutputEnded),
            Some(_) => return Ok(()),
        }
    }
}
