//! `trace`: the scheduler's last events.

use core::fmt::{self, Write};

use alloc::vec::Vec;

use crate::arch::cpu::id::CpuId;
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, Run};
use crate::monitor::commands::tasks::ps;
use crate::task::{self, Event, ThreadId};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "trace",
    usage: "[json]",
    summary: "Shows the last scheduler events, or as a file for Perfetto.",
    example: "trace json > serial",
    words: |_, found| found("json"),
    run: Run::Machine(|_, arguments, out| show(arguments, out)),
};

/// The number of events that are listed.
const LISTED: usize = 40;

/// An event, with its time in nanoseconds and its CPU.
type Noted = (u64, CpuId, Event);

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let format = arguments.word();
    arguments.end()?;
    let mut events: Vec<Noted> = Vec::new();
    for cpu in task::cpus() {
        events.extend(cpu.trace().map(|(time, event)| (time, cpu.id(), event)));
    }
    events.sort_unstable_by_key(|&(time, ..)| time);
    match format {
        None => Ok(list(&events[events.len().saturating_sub(LISTED)..], out)?),
        Some("json") => Ok(write_json(&events, out)?),
        Some(other) => Err(ArgumentError::unknown(other).into()),
    }
}

fn list(events: &[Noted], out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "        time/us CPU event")?;
    for (time_ns, cpu, event) in events {
        let (us, ns) = (time_ns / 1000, time_ns % 1000);
        write!(out, "{us:11}.{ns:03} {cpu:3} {event}")?;
        let thread = match event {
            Event::Idle => None,
            Event::Run(id) | Event::Wake(id) | Event::Leave(id) | Event::Steal(id) => Some(*id),
        };
        match thread.and_then(name_of) {
            Some(name) => writeln!(out, " ({name})")?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}

fn name_of(id: ThreadId) -> Option<heapless::String<24>> {
    ps::all().into_iter().find(|thread| thread.id() == id).map(|thread| thread.name())
}

/// Writes the events as a JSON array. Each CPU is a row, and each run of a thread is a bar.
///
/// Source: "Trace Event Format", as chrome://tracing and Perfetto read it.
fn write_json(events: &[Noted], out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "[")?;
    for cpu in task::cpus() {
        let number = cpu.id();
        writeln!(
            out,
            "{{\"ph\":\"M\",\"pid\":0,\"tid\":{number},\"name\":\"thread_name\",\
             \"args\":{{\"name\":\"CPU {number}\"}}}},"
        )?;
        let mut runs: Option<(u64, ThreadId)> = None;
        for &(time_ns, _, event) in events.iter().filter(|(_, at, _)| *at == number) {
            let next = match event {
                Event::Run(thread) => Some(thread),
                Event::Idle => None,
                Event::Wake(thread) => {
                    write_instant(out, number, time_ns, "wakes", thread)?;
                    continue;
                }
                Event::Steal(thread) => {
                    write_instant(out, number, time_ns, "takes over", thread)?;
                    continue;
                }
                Event::Leave(_) => continue,
            };
            if let Some((since_ns, thread)) = runs {
                write_run(out, number, since_ns, time_ns, thread)?;
            }
            runs = next.map(|thread| (time_ns, thread));
        }
    }
    // The last element of the array, without a comma after it.
    writeln!(out, "{{\"ph\":\"M\",\"pid\":0,\"name\":\"process_name\",")?;
    writeln!(out, "\"args\":{{\"name\":\"Farjump\"}}}}\n]")
}

fn write_run(
    out: &mut dyn Write,
    cpu: CpuId,
    since_ns: u64,
    until_ns: u64,
    thread: ThreadId,
) -> fmt::Result {
    let name = Label(thread);
    let (start, duration) = (Microseconds(since_ns), Microseconds(until_ns - since_ns));
    writeln!(
        out,
        "{{\"ph\":\"X\",\"pid\":0,\"tid\":{cpu},\"ts\":{start},\"dur\":{duration},\
         \"name\":\"{name}\"}},"
    )
}

fn write_instant(
    out: &mut dyn Write,
    cpu: CpuId,
    time_ns: u64,
    what: &str,
    thread: ThreadId,
) -> fmt::Result {
    let (time, name) = (Microseconds(time_ns), Label(thread));
    writeln!(
        out,
        "{{\"ph\":\"i\",\"s\":\"t\",\"pid\":0,\"tid\":{cpu},\"ts\":{time},\
         \"name\":\"{what} {name}\"}},"
    )
}

/// A time in microseconds, with three decimals.
struct Microseconds(u64);

impl fmt::Display for Microseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A thread's number and, if the thread still exists, its name without characters that JSON
/// forbids.
struct Label(ThreadId);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let Some(name) = name_of(self.0) else {
            return Ok(());
        };
        f.write_char(' ')?;
        let is_allowed = |c: &char| c.is_ascii_graphic() && !matches!(c, '"' | '\\') || *c == ' ';
        name.chars().filter(is_allowed).try_for_each(|c| f.write_char(c))
    }
}
