//! `bench`: measures operations of the kernel on this machine.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::Write;
use core::hint::black_box;

use x86_64::VirtAddr;

use crate::arch::debug::backtrace::Backtrace;
use crate::arch::time::clock;
use crate::mm::debug::walk;
use crate::mm::kernel::frames::{AllocatedFrames, Purpose};
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, Run};
use crate::monitor::machine::Machine;
use crate::{console, symbols};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "bench",
    usage: "[NAME]",
    summary: "Measures operations of the kernel by the time stamp counter.",
    example: "bench heap",
    words: |_, found| BENCHMARKS.iter().for_each(|benchmark| found(benchmark.name)),
    run: Run::Machine(measure),
};

/// An operation that can be measured.
struct Benchmark {
    name: &'static str,
    what: &'static str,
    /// The function that runs it once.
    run: fn(),
}

/// The number of bytes that `copy` copies.
const COPY_BYTES: usize = 64 * 1024;
/// The text for the screen: one row, written and erased in place.
const ROW: &str = "\r0123456789 0123456789 0123456789 0123456789 0123456789 0123456789\x1B[2K\r";

const BENCHMARKS: &[Benchmark] = &[
    Benchmark { name: "nothing", what: "the measurement itself", run: || {} },
    Benchmark {
        name: "frame",
        what: "allocate a frame and free it",
        run: || drop(black_box(AllocatedFrames::try_new(Purpose::Other))),
    },
    Benchmark {
        name: "heap",
        what: "allocate 64 bytes from the heap and free them",
        run: || drop(black_box(Box::new([0_u8; 64]))),
    },
    Benchmark {
        name: "copy",
        what: "fill 64 KiB of the heap and copy them",
        run: || {
            let from: Vec<u8> = black_box(alloc::vec![1; COPY_BYTES]);
            drop(black_box(from.clone()));
        },
    },
    Benchmark {
        name: "walk",
        what: "walk the page tables by hand",
        run: || {
            black_box(walk::translate(address()));
        },
    },
    Benchmark {
        name: "symbol",
        what: "find the function at an address",
        run: || {
            black_box(symbols::function_at(address()));
        },
    },
    Benchmark {
        name: "backtrace",
        what: "follow the frames on the stack",
        run: || {
            black_box(Backtrace::here().count());
        },
    },
    Benchmark {
        name: "screen",
        what: "write a row of text on the screen and erase it",
        run: || console::write_screen(ROW),
    },
    Benchmark {
        name: "key",
        what: "show a typed character and take it off again",
        run: || {
            for text in ["x", "\x08 \x08"] {
                console::write_screen(text);
                console::show_screen();
            }
        },
    },
];

/// Returns an address that is mapped by a small page and has a symbol.
fn address() -> VirtAddr {
    VirtAddr::from_ptr(measure as *const ())
}

/// The number of rounds. The fastest round is used, because interrupts delay others.
const ROUNDS: usize = 20;
const RUNS: u64 = 50;

fn measure(
    machine: &Machine,
    mut arguments: Arguments<'_>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let name = arguments.word();
    arguments.end()?;
    let is_asked = |benchmark: &&Benchmark| name.is_none_or(|name| name == benchmark.name);
    if let (Some(name), None) = (name, BENCHMARKS.iter().find(is_asked)) {
        return Err(ArgumentError::unknown(name).into());
    }
    writeln!(out, "name           cycles         ns  what")?;
    for benchmark in BENCHMARKS.iter().filter(is_asked) {
        let cycles = (0..ROUNDS).map(|_| cycles(benchmark.run)).min().unwrap_or(0);
        let ns = u128::from(cycles) * 1_000_000_000 / u128::from(machine.clock.rate().hz);
        writeln!(
            out,
            "{:10} {:>10} {:>10}  {}",
            benchmark.name,
            Tenths(cycles / (RUNS / 10)),
            Tenths((ns / u128::from(RUNS / 10)) as u64),
            benchmark.what
        )?;
    }
    Ok(())
}

/// Returns the cycles of [`RUNS`] runs.
fn cycles(run: fn()) -> u64 {
    let start = clock::read_tsc();
    for _ in 0..RUNS {
        black_box(run)();
    }
    clock::read_tsc().wrapping_sub(start)
}

/// A number of tenths, shown with one decimal.
struct Tenths(u64);

impl core::fmt::Display for Tenths {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut text = heapless::String::<24>::new();
        write!(text, "{}.{}", self.0 / 10, self.0 % 10)?;
        f.pad(&text)
    }
}
