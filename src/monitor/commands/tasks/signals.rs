//! `signals`: the signal actions of a process, and its pending signals.

use core::fmt::Write;

use ::signals::{Handler, Signal, SignalSet};
use heapless::String;

use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::commands::tasks::processes;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "signals",
    usage: "PROCESS",
    summary: "Shows the signal actions and pending signals of a process.",
    example: "signals 1",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| show(arguments, out)),
};

/// The largest number of threads that are shown.
const THREADS_MAX: usize = 16;

fn show(arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let Some(process) = processes::named(arguments, out)? else {
        return Ok(());
    };
    let mut threads = heapless::Vec::<_, THREADS_MAX>::new();
    process.for_each_thread(|thread| {
        let (pending, blocked) = thread.with_signals(|own| (own.pending.set(), own.blocked()));
        // Further threads aren't shown.
        let _ = threads.push((thread.tid(), pending, blocked));
    });
    let waiting = process.with_signals(|state| state.shared.set());
    writeln!(out, "signal        action")?;
    for signal in Signal::all() {
        let handler = process.with_signals(|state| state.dispositions.get(signal).handler);
        if handler == Handler::Default {
            continue;
        }
        let mut name = String::<24>::new();
        write!(name, "{signal}")?;
        match handler {
            Handler::Default => {}
            Handler::Ignore => writeln!(out, "{name:13} is ignored")?,
            Handler::Address(address) => writeln!(out, "{name:13} handler at {address:#x}")?,
        }
    }
    show_set("pending for the process", waiting, out)?;
    for (tid, pending, blocked) in threads {
        let mut title = String::<40>::new();
        write!(title, "pending for thread {tid}")?;
        show_set(&title, pending, out)?;
        title.clear();
        write!(title, "blocked by thread {tid}")?;
        show_set(&title, blocked, out)?;
    }
    Ok(())
}

/// Writes the signals of a set, if there are any.
fn show_set(title: &str, set: SignalSet, out: &mut dyn Write) -> Result<(), Error> {
    if set.is_empty() {
        return Ok(());
    }
    write!(out, "{title}:")?;
    for signal in set.iter() {
        write!(out, " {signal}")?;
    }
    writeln!(out)?;
    Ok(())
}
