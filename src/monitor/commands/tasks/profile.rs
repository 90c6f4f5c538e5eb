//! `profile`: which functions of the kernel execute, by samples.

use alloc::string::String;
use core::fmt::{self, Write};

use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, Run};
use crate::profile::{self, Counts, FrameName, Frames, ProfileError, Report, Request};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "profile",
    usage: "[start [HZ [KIB]]|stop|NUMBER|threads|folded]",
    summary: "Samples what CPUs execute; shows functions, threads or stacks.",
    example: "profile start 997",
    words: |_, found| ["start", "stop", "threads", "folded"].into_iter().for_each(found),
    run: Run::Machine(|_, arguments, out| run(arguments, out)),
};

/// The number of functions that are shown by default.
const FUNCTIONS: usize = 20;

/// The most characters of a name, so that it fits a row.
const NAME_CHARS: usize = 60;

fn run(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let text = arguments.rest();
    let mut arguments = Arguments::new(text);
    match arguments.word() {
        Some("start" | "stop") => match Request::parse(text) {
            Ok(request) => match profile::serve(request) {
                Ok(()) => show_state(request, out)?,
                Err(error) => show_error(error, out)?,
            },
            Err(error) => writeln!(out, "profile: {error}")?,
        },
        Some("folded") => {
            arguments.end()?;
            match profile::report(Frames::Functions) {
                Ok(report) => report.write_folded(out)?,
                Err(error) => show_error(error, out)?,
            }
        }
        Some("threads") => {
            arguments.end()?;
            show(out, show_threads)?;
        }
        word => {
            let parsed = word.map_or(Ok(FUNCTIONS), str::parse);
            let rows = parsed.map_err(|_| ArgumentError::unknown(word.unwrap_or_default()))?;
            arguments.end()?;
            show(out, |report, out| show_functions(report, rows, out))?;
        }
    }
    Ok(())
}

fn show_state(request: Request, out: &mut dyn Write) -> fmt::Result {
    match request {
        Request::Start(settings) => {
            let hz = settings.hz();
            writeln!(out, "Each CPU is sampled {hz} times a second; profile shows the result.")
        }
        Request::Stop => writeln!(out, "No more samples are taken; profile shows the result."),
    }
}

fn show_error(error: ProfileError, out: &mut dyn Write) -> fmt::Result {
    let hint = match error {
        ProfileError::Running => "; profile stop stops it",
        ProfileError::NotRunning | ProfileError::NoSamples => "; profile start starts it",
        ProfileError::NoMemory => "; profile start HZ KIB takes less",
    };
    writeln!(out, "profile: {error}{hint}")
}

/// Shows the head of the report, and then its rows.
fn show(
    out: &mut dyn Write,
    rows: impl FnOnce(&Report, &mut dyn Write) -> Result<(), Error>,
) -> Result<(), Error> {
    let report = match profile::report(Frames::Functions) {
        Ok(report) => report,
        Err(error) => return Ok(show_error(error, out)?),
    };
    let Report { settings, cpus, is_running, counts: Counts { idle, lost, .. }, .. } = report;
    let ms = report.time_ns / 1_000_000;
    let state = if is_running { "running" } else { "stopped" };
    writeln!(out, "{state}: {} Hz by the timer, {cpus} CPUs, {ms} ms", settings.hz())?;
    let samples = report.profile.samples();
    writeln!(out, "{samples} samples of threads, {idle} of idle CPUs, {lost} lost: no room")?;
    writeln!(out, "Code with interrupts off is seen where it turns them on again.")?;
    rows(&report, out)
}

fn show_functions(report: &Report, rows: usize, out: &mut dyn Write) -> Result<(), Error> {
    let functions = match report.profile.functions() {
        Ok(functions) => functions,
        Err(error) => return Ok(show_error(error.into(), out)?),
    };
    let all = report.profile.samples();
    writeln!(out, "   own   total  function")?;
    for count in functions.iter().take(rows) {
        let (own, total) = (Percent(count.own, all), Percent(count.total, all));
        writeln!(out, "{own} {total}  {}", end_of(FrameName(count.frame)))?;
    }
    Ok(())
}

fn show_threads(report: &Report, out: &mut dyn Write) -> Result<(), Error> {
    let owners = match report.profile.owners() {
        Ok(owners) => owners,
        Err(error) => return Ok(show_error(error.into(), out)?),
    };
    let all = report.profile.samples();
    writeln!(out, "program  kernel  thread process name")?;
    for count in owners {
        let (program, kernel) = (Percent(count.program, all), Percent(count.kernel, all));
        let (thread, process) = (count.owner.thread, count.owner.process);
        writeln!(out, "{program}  {kernel} {thread:7} {process:7} {}", count.owner.name())?;
    }
    Ok(())
}

/// Returns a name, of which the beginning is cut to fit a row.
fn end_of(name: FrameName) -> String {
    let name = alloc::format!("{name}");
    match name.char_indices().rev().nth(NAME_CHARS) {
        None => name,
        Some((at, _)) => name[at..].into(),
    }
}

/// A part of a number of samples, in percent with one decimal.
struct Percent(u64, u64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let permille = (self.0 * 1000 + self.1 / 2).checked_div(self.1).unwrap_or(0);
        write!(f, "{:3}.{} %", permille / 10, permille % 10)
    }
}
