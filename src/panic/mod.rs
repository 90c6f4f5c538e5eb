//! The report of a panic or a fatal exception.
//!
//! It takes no lock and doesn't use the heap: the log's emergency sinks write it directly to the
//! devices. A second failure during the report is also reported. The [`Ending`], which runs after
//! the report, may fail, too; it is then started again.

#![forbid(unsafe_code)]

mod cpu_state;
mod failure;
mod fault_report;
mod page_fault_report;
mod stack_name;
mod trace;

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use ::log::Level;
use heapless::Vec;
use spin::Once;
use x86_64::VirtAddr;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::percpu::{self, Cpu};
use crate::arch::debug::backtrace::Backtrace;
use crate::arch::irq::interrupt_flag;
use crate::arch::smp::stop;
use crate::arch::smp::stopped;
use crate::arch::trap::dispatch::{self, Reporter};
use crate::console::history;
use crate::klog::Emergency;
use crate::symbols::Instruction;
use failure::Failure;
use fault_report::FaultReport;
pub use trace::Trace;
use trace::row;

/// A function that runs after the report, instead of halting. Its argument is the text of the
/// failure.
pub type Ending = fn(&dyn fmt::Display) -> !;

static ENDING: Once<Ending> = Once::new();

/// The number of rows of a report on a screen, including the text after it.
const ROWS: usize = 25;
/// The rows after the details, the trace and the log: advice, end and prompt.
const END_ROWS: usize = 3;
const TRACE_ROWS_MAX: usize = 8;
const LOG_ROWS_MAX: usize = 3;
/// The limit of rows with the instructions at which other CPUs stopped.
const OTHER_ROWS_MAX: usize = 3;

/// The control sequences for white on red, and for the default.
const ALARM: &str = "\x1B[1;37;41m";
const PLAIN: &str = "\x1B[0m";

/// The progress of the report.
static PHASE: AtomicU8 = AtomicU8::new(Phase::Running as u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum Phase {
    Running,
    /// A report is being written.
    Reporting,
    /// The ending is running.
    Ending,
    /// A failure during the report is being reported.
    ReportingAgain,
    /// That report has failed, too; nothing more is reported.
    Silent,
}

/// The place at which the kernel stopped: the instruction, or 0, and the innermost frame.
static INSTRUCTION: AtomicU64 = AtomicU64::new(0);
static FRAME: AtomicU64 = AtomicU64::new(0);

/// The number of times that the ending may fail.
const FAILURES_MAX: u8 = 16;
static FAILURES: AtomicU8 = AtomicU8::new(0);

/// Registers this module as the reporter of exceptions. `ending` runs after a report.
pub fn start(_cpu: &Cpu, ending: Ending) {
    ENDING.call_once(|| ending);
    dispatch::set_reporter(Reporter {
        trap: |fault| ::log::info!("{}", FaultReport(fault)),
        fatal: |fault| end(Failure::Fault(fault), &FaultReport(fault)),
    });
}

/// Returns the backtrace of the code that has stopped the kernel, if it has stopped.
pub fn last_trace() -> Option<Trace> {
    let frame = FRAME.load(Ordering::Relaxed);
    let instruction = VirtAddr::new_truncate(INSTRUCTION.load(Ordering::Relaxed));
    (frame != 0).then(|| Trace {
        instruction: (!instruction.is_null()).then_some(instruction),
        callers: Backtrace::new(frame),
    })
}

/// Stops the machine, because it may not go on: `reason` is no failure of the kernel. Unlike the
/// report of a failure, this has no [`Ending`], and so no prompt.
pub fn refuse(reason: &dyn fmt::Display) -> ! {
    // Never dropped, because this function doesn't return.
    let _interrupts_off = interrupt_flag::InterruptsOff::new();
    stop::stop_others();
    let mut out = Emergency;
    // The sinks never fail.
    let _ = writeln!(out, "\n{ALARM}refused: {reason}{PLAIN}");
    let _ = writeln!(out, "It isn't what was sealed, so the machine has stopped.");
    let _ = writeln!(out, "Restore the image, or the medium; then reset the machine.");
    boot_stage::mark(Stage::Stopped);
    interrupt_flag::halt()
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let trace = Trace { instruction: None, callers: Backtrace::here() };
    end(Failure::Panic(info, trace), info)
}

fn end(failure: Failure<'_>, words: &dyn fmt::Display) -> ! {
    // Never dropped, because this function doesn't return.
    let _interrupts_off = interrupt_flag::InterruptsOff::new();
    // If another CPU is already reporting, this one stops here.
    stop::stop_others();
    // Only one CPU reaches this, so the load and the store need not be atomic together.
    let enter = |phase: Phase| PHASE.store(phase as u8, Ordering::Relaxed);
    let phase = PHASE.load(Ordering::Relaxed);
    // The sinks never fail.
    let mut out = Emergency;
    if phase >= Phase::ReportingAgain as u8 {
        if phase < Phase::Silent as u8 {
            enter(Phase::Silent);
            let _ = out.write_str("\na third failure: the report ends here\n");
        }
        interrupt_flag::halt();
    }
    if phase == Phase::Reporting as u8 {
        enter(Phase::ReportingAgain);
        let _ = write!(out, "{PLAIN}\n{ALARM}another failure during the report{PLAIN}\n");
        let _ = write_report(failure, &mut out);
    } else {
        enter(Phase::Reporting);
        let trace = failure.trace();
        let instruction = trace.instruction.map_or(0, VirtAddr::as_u64);
        INSTRUCTION.store(instruction, Ordering::Relaxed);
        FRAME.store(trace.callers.frame(), Ordering::Relaxed);
        let _ = write_report(failure, &mut out);
    }
    boot_stage::mark(Stage::Stopped);
    failure.acknowledge();
    enter(Phase::Ending);
    let failures = FAILURES.load(Ordering::Relaxed);
    FAILURES.store(failures.saturating_add(1), Ordering::Relaxed);
    let is_hopeless = failures >= FAILURES_MAX;
    if let Some(ending) = ENDING.get().filter(|_| !is_hopeless) {
        ending(words);
    }
    let _ = writeln!(out, "The kernel has stopped. Reset the machine to start again.");
    interrupt_flag::halt()
}

/// Writes the whole report, which fits a screen of [`ROWS`] rows.
fn write_report(failure: Failure<'_>, out: &mut dyn Write) -> fmt::Result {
    write!(out, "\n{ALARM}")?;
    let mut counted = Counted { out, rows: 0, column: 0 };
    // Written only once, because it may fail: the formatting of the message may panic or return an
    // error. The rest is reported in any case.
    let _ = failure.write_title(&mut counted);
    counted.out.write_str(PLAIN)?;
    counted.write_str("\n")?;
    failure.write_details(&mut counted)?;
    let others = || percpu::all().filter_map(|cpu| Some((cpu.id(), stopped::stopped_at(cpu)?)));
    let other_rows = others().count().min(OTHER_ROWS_MAX);
    let room = ROWS.saturating_sub(counted.rows + END_ROWS + other_rows);
    let logged = LastLines::read();
    let trace_rows = failure.trace().addresses().take(TRACE_ROWS_MAX).count();
    // The trace and the log share the rows; the trace gets the larger part.
    let log_rows = room.saturating_sub(trace_rows).clamp(1, LOG_ROWS_MAX);
    let trace_rows = trace_rows.min(room.saturating_sub(log_rows.min(logged.0.len()))).max(3);

    failure.trace().write(out, trace_rows)?;
    for (id, (instruction, _)) in others().take(OTHER_ROWS_MAX) {
        let place = Instruction::short(VirtAddr::new_truncate(instruction));
        writeln!(out, "{}", row(format_args!("  CPU {id:<3}  {place}")))?;
    }
    logged.write(out, log_rows)?;
    writeln!(out, "{}", row(format_args!("  try    {}", failure.advice())))
}

/// The newest lines of the log.
struct LastLines(Vec<heapless::String<80>, LOG_ROWS_MAX>);

impl LastLines {
    fn read() -> Self {
        let mut lines = Vec::new();
        history::for_each(|level, line| {
            if level <= Level::Info {
                if lines.is_full() {
                    lines.remove(0);
                }
                let mut kept = heapless::String::new();
                // Text that doesn't fit is truncated.
                let _ = line.chars().try_for_each(|c| kept.push(c));
                lines.push(kept).expect("room was made");
            }
        });
        Self(lines)
    }

    fn write(&self, out: &mut dyn Write, rows: usize) -> fmt::Result {
        let mut name = "log  ";
        for line in &self.0[self.0.len().saturating_sub(rows)..] {
            writeln!(out, "{}", row(format_args!("  {name}  {line}")))?;
            name = "     ";
        }
        Ok(())
    }
}

/// Counts the rows of 80 columns of a text while it is written.
struct Counted<'a> {
    out: &'a mut dyn Write,
    rows: usize,
    column: usize,
}

impl Write for Counted<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        const COLUMNS: usize = 80;
        for c in text.chars() {
            self.column += 1;
            // As on the screen, a full row wraps by itself, and a newline after it starts another
            // row.
            if c == '\n' || self.column == COLUMNS {
                self.rows += 1;
                self.column = 0;
            }
        }
        self.out.write_str(text)
    }
}
