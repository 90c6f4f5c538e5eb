//! `frames`: physical memory by frames.

use core::fmt::Write;

use crate::mm::kernel::frames::{self, Purpose, Traffic};
use crate::mm::kernel::layout::FRAME_BYTES;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "frames",
    usage: "",
    summary: "Shows what frames are used for, free runs, and the traffic so far.",
    example: "frames",
    words: NO_WORDS,
    run: Run::Machine(show),
};

fn show(_: &Machine, arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let counts = frames::counts();
    let kib = |frames: usize| frames as u64 * (FRAME_BYTES / 1024);
    writeln!(out, "frames of {} KiB            number         KiB", FRAME_BYTES / 1024)?;
    let used = Purpose::ALL.map(|(purpose, name)| (name, counts.used_for(purpose)));
    for (name, frames) in used {
        writeln!(out, "  {name:18} {frames:>11} {:>11}", kib(frames))?;
    }
    let all_used = counts.managed - counts.free;
    for (name, frames) in [("used", all_used), ("free", counts.free), ("all", counts.managed)] {
        writeln!(out, "  {name:18} {frames:>11} {:>11}", kib(frames))?;
    }
    let runs = frames::free_runs();
    let (start, longest) = runs.longest;
    writeln!(out, "free runs {}, the longest {longest} frames from {start:#x}", runs.count)?;
    let Traffic { allocated, freed, failures } = frames::traffic();
    writeln!(out, "so far    {allocated} given out, {freed} taken back, {failures} refused")?;
    Ok(())
}
