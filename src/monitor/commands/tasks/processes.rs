//! Functions for processes that several commands use.

use core::fmt::{self, Write};

use alloc::sync::Arc;

use crate::mm::user::page_table::PAGE_BYTES;
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::Error;
use crate::process::pid::Pid;
use crate::process::process::Process;
use crate::process::table::{self, Life};

/// Returns the process whose number is the last argument. Writes a message if there is none.
pub(in crate::monitor) fn named(
    mut arguments: Arguments<'_>,
    out: &mut dyn Write,
) -> Result<Option<Arc<Process>>, Error> {
    let word = arguments.word().ok_or(ArgumentError::Missing("a process's number"))?;
    arguments.end()?;
    let number: u32 = word.parse().map_err(|_| ArgumentError::unknown(word))?;
    let found = Pid::try_new(number).and_then(table::find);
    if found.is_none() {
        writeln!(out, "There is no process {number}; ps lists them.")?;
    }
    Ok(found)
}

/// Writes a table of all processes, if there are any.
pub(in crate::monitor) fn show_all(out: &mut dyn Write) -> fmt::Result {
    let processes = table::all();
    if processes.is_empty() {
        return Ok(());
    }
    writeln!(out, "process parent  group session state   threads   user       KiB name")?;
    for process in processes {
        let Some(relations) = table::relations(process.pid()) else {
            continue;
        };
        let state = match relations.life {
            Life::Alive => "lives",
            Life::Stopped { .. } => "stopped",
            Life::Zombie(_) => "zombie",
        };
        let pages = process.memory().map_or(0, |memory| memory.resident().total());
        writeln!(
            out,
            "{:7} {:6} {:6} {:7} {state:7} {:7} {:6} {:9} {}",
            process.pid().number(),
            relations.parent.map_or(0, Pid::number),
            relations.group.number(),
            relations.session.number(),
            process.thread_count(),
            process.identity().effective_uid,
            pages * PAGE_BYTES / 1024,
            process.name(),
        )?;
    }
    Ok(())
}
