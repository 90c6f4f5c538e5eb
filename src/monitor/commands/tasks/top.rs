//! `top`: the threads that use the most CPU time.

use core::cmp::Reverse;
use core::fmt::Write;

use alloc::vec::Vec;
use line_editor::Key;

use crate::arch::time::clock;
use crate::console;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::commands::tasks::ps;
use crate::task::{self, ThreadId};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "top",
    usage: "",
    summary: "Shows the busiest threads, once a second until a key is typed.",
    example: "top",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| show(arguments, out)),
};

const PERIOD_NS: u64 = 1_000_000_000;

/// The number of threads that are shown.
const ROWS: usize = 15;

fn show(arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let mut before: Vec<(ThreadId, u64)> = Vec::new();
    let mut since_ns = clock::now_ns();
    loop {
        match console::wait_key_for(PERIOD_NS / 1000) {
            None => {}
            Some(typed) if typed.key == Key::Ctrl('c') => return Err(Error::OutputEnded),
            Some(_) => return Ok(()),
        }
        let now_ns = clock::now_ns();
        let passed_ns = (now_ns - since_ns).max(1);
        since_ns = now_ns;
        let threads = ps::all();
        let used_ns = |id: ThreadId, time_ns: u64| {
            let last = before.iter().find(|(it, _)| *it == id).map_or(0, |&(_, ns)| ns);
            time_ns.saturating_sub(last)
        };
        let mut rows: Vec<_> = threads
            .iter()
            .map(|thread| (used_ns(thread.id(), thread.run_time_ns()), *thread))
            .collect();
        rows.sort_by_key(|&(used_ns, _)| Reverse(used_ns));
        out.write_str(console::CLEAR)?;
        for cpu in task::cpus() {
            let idle_percent = cpu.idle_ns(now_ns) * 100 / now_ns.max(1);
            let number = cpu.id();
            writeln!(out, "CPU {number}: {idle_percent} % idle since the start")?;
        }
        writeln!(out, "used   number name             CPU policy      time/ms   switches")?;
        for (used_ns, thread) in rows.into_iter().take(ROWS) {
            writeln!(
                out,
                "{:3} %  {:6} {:16.16} {:3} {:11} {:7} {:10}",
                used_ns * 100 / passed_ns,
                thread.id(),
                thread.name(),
                thread.cpu(),
                ps::PolicyName(thread),
                thread.run_time_ns() / 1_000_000,
                thread.switches()
            )?;
        }
        before = threads.iter().map(|it| (it.id(), it.run_time_ns())).collect();
    }
}
