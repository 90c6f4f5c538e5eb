//! `fds`: the file descriptors of a process.

use core::fmt::Write;

use crate::fs;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::commands::tasks::processes;
use crate::process::descriptors::OnExec;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "fds",
    usage: "PROCESS",
    summary: "Lists the file descriptors of a process, and their files.",
    example: "fds 1",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| show(arguments, out)),
};

fn show(arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let Some(process) = processes::named(arguments, out)? else {
        return Ok(());
    };
    writeln!(out, "number rights exec     position file")?;
    let mut result = Ok(());
    process.descriptors().for_each(|fd, descriptor| {
        let file = &descriptor.file;
        let flags = file.flags();
        let read = if flags.can_read() { 'r' } else { '-' };
        let written = if flags.can_write() { 'w' } else { '-' };
        let on_exec = if descriptor.on_exec == OnExec::Close { "close" } else { "keep" };
        if result.is_err() {
            return;
        }
        result = write!(out, "{fd:6} {read}{written}     {on_exec:5} {:11} ", file.position());
        if result.is_ok() {
            result = match file.path().text(fs::root()) {
                Ok(Some(text)) => writeln!(out, "{}", text.escape_ascii()),
                _ => writeln!(out, "(not in this tree)"),
            };
        }
    });
    Ok(result?)
}
