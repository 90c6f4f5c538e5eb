//! `blktrace`: the last requests of a disk, and how long its requests took.

use core::fmt::{self, Write};

use sample_histogram::Histogram;

use crate::arch::time::clock;
use crate::block::devices;
use crate::drivers::block::request::Operation;
use crate::drivers::block::trace::{Trace, TracedKind, TracedRequest};
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::machine::Machine;

/// The width of the histograms.
const COLUMNS: usize = 80;
const NS_PER_US: u64 = 1000;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "blktrace",
    usage: "[DISK]",
    summary: "Shows the last requests of a disk, and how long requests took.",
    example: "blktrace nvme0n1",
    words: NO_WORDS,
    run: Run::Machine(show),
};

fn show(_: &Machine, mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let name = arguments.word();
    arguments.end()?;
    let Some(name) = name else {
        return show_all(out);
    };
    let Some(device) = devices::by_name(name) else {
        writeln!(out, "{name}: there is no such disk; disks lists those that there are")?;
        return Ok(());
    };
    show_requests(device.trace(), out)?;
    show_histograms(device.trace(), out)
}

/// Shows a line for each disk and each kind of its requests.
fn show_all(out: &mut dyn Write) -> Result<(), Error> {
    let all = devices::all();
    let disks = all.iter().filter(|device| device.partition().is_none());
    writeln!(out, "Microseconds from the submission of a request to the answer of the disk:")?;
    writeln!(out, "disk         requests      number     min  median     p99     max")?;
    for disk in disks {
        for kind in TracedKind::ALL {
            let Some(times) = disk.trace().times(kind) else {
                return say_no_memory(out);
            };
            if !times.is_empty() {
                write!(out, "{:12} {:10} ", disk.name(), name_of(kind))?;
                show_times(&times, out)?;
            }
        }
    }
    Ok(())
}

fn show_times(times: &Histogram, out: &mut dyn Write) -> fmt::Result {
    write!(out, "{:9}", times.count())?;
    for ns in [times.min(), times.percentile(50), times.percentile(99), times.max()] {
        write!(out, " {:7}", ns / NS_PER_US)?;
    }
    writeln!(out)
}

/// Shows the last requests, the oldest first.
fn show_requests(trace: &Trace, out: &mut dyn Write) -> Result<(), Error> {
    let Some(last) = trace.last() else {
        return say_no_memory(out);
    };
    writeln!(out, "requests in flight: {}", trace.depth())?;
    writeln!(out, "    ms ago  request       sector     KiB  depth  took us  outcome")?;
    let now_ns = clock::now_ns();
    for request in &last {
        show_request(request, now_ns, out)?;
    }
    Ok(())
}

fn show_request(request: &TracedRequest, now_ns: u64, out: &mut dyn Write) -> fmt::Result {
    let TracedRequest { operation, sector, len_bytes, depth, begun_ns, took_ns, result } = request;
    let tenths_kib = u64::from(*len_bytes) * 10 / 1024;
    let operation = match operation {
        Operation::Write { is_forced: true } => "forced write",
        operation => name_of((*operation).into()),
    };
    write!(
        out,
        "{:10}  {operation:12} {sector:8} {:5}.{}  {depth:5} {:8}  ",
        now_ns.saturating_sub(*begun_ns) / (1000 * NS_PER_US),
        tenths_kib / 10,
        tenths_kib % 10,
        took_ns / NS_PER_US,
    )?;
    match result {
        Ok(()) => writeln!(out, "done"),
        Err(error) => writeln!(out, "{error}"),
    }
}

/// Shows how long the requests of each kind took.
fn show_histograms(trace: &Trace, out: &mut dyn Write) -> Result<(), Error> {
    for kind in TracedKind::ALL {
        let Some(times) = trace.times(kind) else {
            return say_no_memory(out);
        };
        if !times.is_empty() {
            writeln!(out, "{} {}: nanoseconds each", times.count(), name_of(kind))?;
            write!(out, "{}", times.bars(COLUMNS))?;
        }
    }
    Ok(())
}

fn say_no_memory(out: &mut dyn Write) -> Result<(), Error> {
    writeln!(out, "No memory is left for a copy of the trace.")?;
    Ok(())
}

fn name_of(kind: TracedKind) -> &'static str {
    match kind {
        TracedKind::Read => "read",
        TracedKind::Write => "write",
        TracedKind::Flush => "flush",
    }
}
