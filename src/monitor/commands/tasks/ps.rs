//! `ps`: the threads and processes.

use core::fmt::{self, Write};

use alloc::vec::Vec;
use run_queue::Policy;

use crate::mm::kernel::kernel_stack::high_water_bytes;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::commands::tasks::processes;
use crate::task::{self, State, Thread};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "ps",
    usage: "",
    summary: "Lists the threads and processes: state and usage.",
    example: "ps",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| show(arguments, out)),
};

fn show(arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    writeln!(
        out,
        "number name             state    CPU policy      time/ms   switches  stack used"
    )?;
    for thread in all() {
        write_row(thread, out)?;
    }
    processes::show_all(out)?;
    Ok(())
}

/// Returns all threads, by their numbers.
pub(in crate::monitor) fn all() -> Vec<&'static Thread> {
    let mut threads = Vec::new();
    task::for_each(|thread| threads.push(thread));
    threads.sort_unstable_by_key(|thread| thread.id());
    threads
}

fn write_row(thread: &'static Thread, out: &mut dyn Write) -> fmt::Result {
    let state = match thread.state() {
        _ if is_idle(thread) => "idle",
        _ if thread.is_running() => "runs",
        state => state_name(state),
    };
    let time_ms = thread.run_time_ns() / 1_000_000;
    write!(
        out,
        "{:6} {:16.16} {state:8} {:3} {:11} {time_ms:7} {:10}  ",
        thread.id(),
        thread.name(),
        thread.cpu(),
        PolicyName(thread),
        thread.switches(),
    )?;
    let stack = thread.stack();
    match stack.map(|stack| (high_water_bytes(stack), stack.len_bytes() / 1024)) {
        Some((Some(used), all)) => writeln!(out, "{} of {all} KiB", used.div_ceil(1024)),
        Some((None, all)) => writeln!(out, "of {all} KiB"),
        None => writeln!(out),
    }
}

/// Returns whether it is the idle thread of a CPU.
pub(in crate::monitor) fn is_idle(thread: &Thread) -> bool {
    task::cpus().any(|cpu| core::ptr::eq(cpu.idle(), thread))
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Free => "free",
        State::Runnable => "ready",
        State::Waiting => "waits",
        State::Waking => "wakes",
        State::Ended => "ended",
    }
}

/// A thread's scheduling policy; a star marks an inherited one.
pub(in crate::monitor) struct PolicyName<'a>(pub &'a Thread);

impl fmt::Display for PolicyName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = heapless::String::<16>::new();
        match self.0.policy() {
            Policy::Fair(nice) => write!(name, "nice {}", nice.get())?,
            Policy::Batch(nice) => write!(name, "batch {}", nice.get())?,
            Policy::Idle => name.push_str("idle").map_err(|_| fmt::Error)?,
            Policy::RealTime(priority) => write!(name, "urgent {}", priority.get())?,
            Policy::Fifo(priority) => write!(name, "fifo {}", priority.get())?,
        }
        if self.0.has_inherited() {
            name.push('*').map_err(|_| fmt::Error)?;
        }
        f.pad(&name)
    }
}
