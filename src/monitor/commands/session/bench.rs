//! `bench`: measures operations of the kernel on this machine.
//!
//! | module | what |
//! | --- | --- |
//! | [`benchmark`] | an operation that can be measured |
//! | [`sampler`] | the measurement: one sample for each run of an operation |
//! | [`pinned`] | threads that stay on the measured CPU |
//! | [`report`] | the table and the histogram |
//! | [`list`] | all benchmarks |
//! | the others | the benchmarks, by subject |
//!
//! A benchmark runs in a thread of its own, which stays on one CPU, so that all time stamps of a
//! sample come from the same counter. Interrupts and other threads are not kept away: they make the
//! slowest samples slower, but not the median.
//!
//! Afterwards all threads of the benchmarks have ended, and the memory that they leave for later
//! threads and allocations is freed.

mod benchmark;
mod copies;
mod debugging;
mod fault;
mod interrupts;
mod list;
mod locks;
mod memory;
mod pages;
mod pinned;
mod report;
mod sampler;
mod screen;
mod switches;

use core::fmt::Write;

use self::benchmark::{Benchmark, Place, Unmeasured};
use self::list::BENCHMARKS;
use self::report::Report;
use self::sampler::{Effort, Sampler};
use crate::mm::kernel::heap;
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, Run};
use crate::monitor::machine::Machine;
use crate::task;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "bench",
    usage: "[NAME]",
    summary: "Measures operations of the kernel, all or one with its histogram.",
    example: "bench heap-small",
    words: |_, found| BENCHMARKS.iter().for_each(|benchmark| found(benchmark.name)),
    run: Run::Machine(run),
};

fn run(machine: &Machine, mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let name = arguments.word();
    arguments.end()?;
    let asked = match name {
        None => BENCHMARKS,
        Some(name) => {
            let index = BENCHMARKS.iter().position(|benchmark| benchmark.name == name);
            let index = index.ok_or_else(|| ArgumentError::unknown(name))?;
            core::slice::from_ref(&BENCHMARKS[index])
        }
    };
    let place = Place::here(machine.controllers);
    let result = measure_all(asked, &place, out);
    // The stacks of the threads, and blocks and pages of the heap.
    task::trim();
    heap::trim();
    result
}

fn measure_all(asked: &[Benchmark], place: &Place, out: &mut dyn Write) -> Result<(), Error> {
    let effort = if asked.len() == 1 { Effort::ONE } else { Effort::ONE_OF_ALL };
    let own_cost = match measure(&list::NOTHING, effort, 0, place) {
        Ok(nothing) if nothing.was_interrupted() => return Err(Error::OutputEnded),
        Ok(nothing) => nothing.histogram().percentile(50),
        Err(reason) => return Ok(writeln!(out, "nothing can be measured: {reason}")?),
    };
    let report = Report { own_cost, cpu: place.cpu };
    report.write_heading(out)?;
    for benchmark in asked {
        let subtracted = if benchmark.name == list::NOTHING.name { 0 } else { own_cost };
        match measure(benchmark, effort, subtracted, place) {
            Ok(sampler) if sampler.was_interrupted() => return Err(Error::OutputEnded),
            Ok(sampler) => {
                report.write_row(benchmark, sampler.histogram(), out)?;
                if asked.len() == 1 {
                    report.write_histogram(benchmark, sampler.histogram(), out)?;
                }
            }
            Err(reason) => report.write_unmeasured(benchmark, reason, out)?,
        }
    }
    Ok(())
}

/// Measures an operation in a thread on the CPU of `place`, and waits until that thread has ended.
/// `subtracted` is subtracted from each sample.
fn measure(
    benchmark: &Benchmark,
    effort: Effort,
    subtracted: u64,
    place: &Place,
) -> Result<Sampler, Unmeasured> {
    let sampler = Sampler::try_new(effort, subtracted)?;
    let (run, place) = (benchmark.run, *place);
    let thread = pinned::spawn(place.cpu, move || run(sampler, &place))?;
    pinned::join(thread)
}
