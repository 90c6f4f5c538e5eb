//! `frames`: the use of physical memory, frame by frame.

use core::fmt::Write;

use x86_64::PhysAddr;

use crate::mm::kernel::frames::{self, FrameUse, Purpose, Traffic};
use crate::mm::kernel::layout::FRAME_BYTES;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "frames",
    usage: "[ADDRESS]",
    summary: "Shows the use of frames, or of the one at an address.",
    example: "frames 200000",
    words: NO_WORDS,
    run: Run::Machine(show),
};

fn show(_: &Machine, mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let address = arguments.number()?;
    arguments.end()?;
    match address {
        Some(address) => show_one(address, out),
        None => show_all(out),
    }
}

fn show_one(address: u64, out: &mut dyn Write) -> Result<(), Error> {
    let frame = PhysAddr::try_new(address).ok().map(|address| address.align_down(FRAME_BYTES));
    let Some((frame, found)) = frame.and_then(|frame| Some((frame, frames::use_of(frame)?))) else {
        writeln!(out, "no frame at {address:#x} is in use")?;
        return Ok(());
    };
    let FrameUse { purpose, owners, owner_word } = found;
    let (_, name) = Purpose::ALL[purpose as usize];
    writeln!(out, "frame at {frame:#x}: {name}, owners {owners}, owner's word {owner_word:#x}")?;
    Ok(())
}

fn show_all(out: &mut dyn Write) -> Result<(), Error> {
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
    let records = frames::recount();
    writeln!(
        out,
        "{} of the free ones in caches of CPUs; {} of the used ones shared, by {} owners at most",
        frames::cached(),
        records.shared,
        records.owners_max
    )?;
    let runs = frames::free_runs();
    let (start, longest) = runs.longest;
    writeln!(out, "free runs {}, the longest {longest} frames from {start:#x}", runs.count)?;
    let Traffic { allocated, freed, failures } = frames::traffic();
    writeln!(out, "so far    {allocated} allocated, {freed} freed, {failures} failed")?;
    Ok(())
}
