//! `help`: lists and describes the commands.

use core::fmt::{self, Write};

use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Commands, Error, Run};
use crate::monitor::pipeline;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "help",
    usage: "[COMMAND]",
    summary: "Lists the commands, or describes one.",
    example: "help pt",
    words: Commands::names,
    run: Run::OnCommands(show),
};

fn show(
    commands: Commands,
    mut arguments: Arguments<'_>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let name = arguments.word();
    arguments.end()?;
    match name {
        None => list(commands, out)?,
        Some(name) => {
            let command = commands.find(name).ok_or_else(|| ArgumentError::unknown(name))?;
            describe(command, out)?;
        }
    }
    Ok(())
}

fn list(commands: Commands, out: &mut dyn Write) -> fmt::Result {
    for command in commands.0 {
        writeln!(out, "{:10}{}", command.name, command.summary)?;
    }
    writeln!(out, "\nhelp COMMAND describes one. Numbers are hexadecimal.")?;
    for (usage, summary) in pipeline::STAGES {
        writeln!(out, "  {usage:23}{summary}")?;
    }
    Ok(())
}

fn describe(command: &Command, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "{}", command.summary)?;
    writeln!(out, "usage    {} {}", command.name, command.usage)?;
    writeln!(out, "example  {}", command.example)?;
    if command.run.is_always() {
        writeln!(out, "It can be used after a report, too.")?;
    }
    Ok(())
}
