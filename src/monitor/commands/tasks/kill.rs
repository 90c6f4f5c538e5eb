//! `kill`: requests the end of a thread.

use core::fmt::Write;

use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::commands::tasks::ps;
use crate::task::{self, Cancellation, ThreadId, ThreadRef};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "kill",
    usage: "NUMBER",
    summary: "Cancels a thread: its wait ends with an error.",
    example: "kill 99",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| kill(arguments, out)),
};

fn kill(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let word = arguments.word().ok_or(ArgumentError::Missing("a thread's number"))?;
    arguments.end()?;
    let number = word.parse().map_err(|_| ArgumentError::unknown(word))?;
    let id = ThreadId::new(number);
    match ThreadRef::find(id) {
        None => writeln!(out, "There is no thread {id}; ps lists them.")?,
        Some(thread) if id == task::current().id() => {
            writeln!(out, "{} runs this prompt; poweroff ends it.", thread.name())?;
        }
        Some(thread) if ps::is_idle(&thread) => writeln!(out, "An idle thread can't end.")?,
        Some(thread) => {
            let name = thread.name();
            match task::cancel(thread.thread()) {
                Cancellation::WaitEnded => {
                    writeln!(out, "{name} has to end: its wait has ended with an error.")?;
                }
                Cancellation::Pending => writeln!(
                    out,
                    "{name} has to end: it ends at its next wait that can be cancelled."
                )?,
            }
        }
    }
    Ok(())
}
