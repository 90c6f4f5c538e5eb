//! `test`: tests parts of the machine.

use alloc::vec::Vec;
use core::fmt::Write;

use crate::mm::debug::{audit, peek};
use crate::mm::kernel::frames::{self, AllocatedFrames, Purpose};
use crate::mm::kernel::{heap, layout};
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, Run};
use crate::monitor::machine::Machine;
use crate::{symbols, task};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "test",
    usage: "[NAME]",
    summary: "Tests parts of the machine while it runs, all or one.",
    example: "test frames",
    words: |_, found| TESTS.iter().for_each(|(name, ..)| found(name)),
    run: Run::Machine(run),
};

/// The result of a test.
type Outcome = Result<(), &'static str>;

/// A test: its name, its subject, and its function.
type Test = (&'static str, &'static str, fn(&Machine) -> Outcome);

const TESTS: &[Test] = &[
    ("audit", "the rules of memory", |_| test_audit()),
    ("clock", "sleeps end in time, and the clock never goes back", test_clock),
    ("frames", "frames keep the data that are written to them", |_| test_frames()),
    ("heap", "blocks of the heap keep the data that are written to them", |_| test_heap()),
    ("symbols", "functions are found by name and by address", |_| test_symbols()),
];

fn run(machine: &Machine, mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let name = arguments.word();
    arguments.end()?;
    let asked = || TESTS.iter().filter(|(it, ..)| name.is_none_or(|name| name == *it));
    if let (Some(name), None) = (name, asked().next()) {
        return Err(ArgumentError::unknown(name).into());
    }
    for (name, what, test) in asked() {
        match test(machine) {
            Ok(()) => writeln!(out, "{name:10} ok      {what}")?,
            Err(why) => writeln!(out, "{name:10} FAILED  {why}")?,
        }
    }
    Ok(())
}

fn test_audit() -> Outcome {
    if audit::run().broken == 0 { Ok(()) } else { Err("rules are broken; audit lists them") }
}

/// Takes a tenth of a second.
fn test_clock(machine: &Machine) -> Outcome {
    const SLEEPS: u64 = 10;
    const SLEEP_NS: u64 = 10_000_000;
    let start_ns = machine.clock.uptime_ns();
    let mut last_ns = start_ns;
    for _ in 0..SLEEPS {
        let end_ns = last_ns + SLEEP_NS;
        task::sleep_until(end_ns).map_err(|_| "the sleep was cancelled")?;
        let now_ns = machine.clock.uptime_ns();
        if now_ns < end_ns {
            return Err("a sleep ended too early, or the clock went backwards");
        }
        last_ns = now_ns;
    }
    // A hypervisor may delay the CPU, but by less than this; a later interrupt counts as missing.
    const LATE_NS: u64 = 5_000_000_000;
    match last_ns - start_ns < SLEEPS * SLEEP_NS + LATE_NS {
        true => Ok(()),
        false => Err("sleeps ended seconds late"),
    }
}

fn test_frames() -> Outcome {
    const FRAMES: usize = 256;
    let before = frames::counts().used_for(Purpose::Other);
    let mut taken = Vec::new();
    while taken.len() < FRAMES
        && let Some(frame) = AllocatedFrames::try_new(Purpose::Other)
    {
        taken.push(frame);
    }
    let has_some = !taken.is_empty();
    // The number of a frame, written to both ends of the frame.
    let ends = |frame: &AllocatedFrames| {
        let start = layout::direct(frame.start());
        let [low, high, ..] = (frame.start().as_u64() / layout::FRAME_BYTES).to_le_bytes();
        [(start, low), (start + (layout::FRAME_BYTES - 1), high)]
    };
    let is_written =
        taken.iter().flat_map(ends).all(|(address, byte)| peek::write(address, byte).is_ok());
    let is_kept =
        taken.iter().flat_map(ends).all(|(address, byte)| peek::read(address) == Some(byte));
    drop(taken);
    match (has_some, is_written && is_kept, frames::counts().used_for(Purpose::Other) == before) {
        (false, ..) => Err("no frame is free"),
        (_, false, _) => Err("a frame lost what was written"),
        (.., false) => Err("frames were lost"),
        _ => Ok(()),
    }
}

fn test_heap() -> Outcome {
    const BLOCKS: usize = 200;
    let before = heap::statistics().allocations;
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    for index in 0..BLOCKS {
        let mut block = Vec::new();
        block.try_reserve_exact(index * 37).map_err(|_| "the heap is full")?;
        block.resize(index * 37, index as u8);
        blocks.push(block);
    }
    let is_kept = blocks
        .iter()
        .enumerate()
        .all(|(index, block)| block.iter().all(|&byte| byte == index as u8));
    drop(blocks);
    match (is_kept, heap::statistics().allocations == before) {
        (false, _) => Err("a block lost what was written"),
        (_, false) => Err("blocks were lost"),
        _ => Ok(()),
    }
}

fn test_symbols() -> Outcome {
    let function = symbols::find("rust_main").find(|function| function.name == "rust_main");
    let function = function.ok_or("there is no rust_main; were the symbols loaded?")?;
    let found = symbols::function_at(x86_64::VirtAddr::new(function.start));
    match found {
        Some(found) if found.name == function.name => Ok(()),
        _ => Err("the name at an address isn't that of its function"),
    }
}
