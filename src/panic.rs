//! The last words of a kernel that can't go on.
//!
//! They take no lock and no heap: they go straight to the devices, through the
//! log's emergency sinks. A second failure within them is cut short.

#![forbid(unsafe_code)]

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use heapless::String;
use spin::Once;
use x86_64::VirtAddr;

use crate::arch::backtrace::Backtrace;
use crate::arch::exceptions;
use crate::arch::interrupts;
use crate::arch::percpu::PerCpu;
use crate::arch::progress::{self, Stage};
use crate::arch::report;
use crate::log::Emergency;
use crate::mm::fault;
use crate::symbols::Instruction;

/// What happens behind the last words, instead of halting. It is told whether
/// the kernel panicked or met an exception, and with what text.
pub type Ending = fn(&dyn fmt::Display) -> !;

static ENDING: Once<Ending> = Once::new();
static IS_ENDING: AtomicBool = AtomicBool::new(false);

/// Makes exceptions that the kernel can't go on from end here too, and their
/// reports tell what lies at an address.
pub fn start(_cpu: &PerCpu) {
    exceptions::set_fatal(|report| end(report, Some(report.rip()), report.backtrace()));
    report::set_guide(fault::GUIDE);
}

/// Registers what happens behind the last words.
pub fn set_ending(ending: Ending) {
    ENDING.call_once(|| ending);
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    end(info, None, Backtrace::here())
}

/// The most frames that are told: with them a report still fits 25 rows.
const FRAMES_MAX: usize = 6;

/// How the kernel got where it stopped: a line for each frame, cut to a screen's width.
struct Trace {
    /// The instruction itself, if it isn't the return address of a call.
    instruction: Option<VirtAddr>,
    callers: Backtrace,
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LINE_CHARS: usize = 79;
        // A return address is behind its call, which may have been a function's last
        // instruction.
        let calls = self.callers.map(|address| address - 1);
        let mut name = "trace";
        for address in self.instruction.into_iter().chain(calls).take(FRAMES_MAX) {
            let mut line = String::<LINE_CHARS>::new();
            // What doesn't fit is cut.
            let _ = write!(Cut(&mut line), "  {name}  {}", Instruction(address));
            writeln!(f, "{line}")?;
            name = "     ";
        }
        Ok(())
    }
}

/// Takes what fits.
struct Cut<'a, const N: usize>(&'a mut String<N>);

impl<const N: usize> fmt::Write for Cut<'_, N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.0.push(c)).map_err(|_| fmt::Error)
    }
}

fn end(cause: &dyn fmt::Display, instruction: Option<VirtAddr>, callers: Backtrace) -> ! {
    // Never dropped: the end doesn't return.
    let _interrupts_off = interrupts::InterruptsOff::new();
    if IS_ENDING.swap(true, Ordering::Relaxed) {
        // Formatting `cause` may be what fails.
        let _ = Emergency.write_str("\nand another failure while that was reported\n");
        interrupts::halt();
    }
    // The sinks take everything.
    let _ = writeln!(Emergency, "\n{cause}");
    let _ = write!(Emergency, "{}", Trace { instruction, callers });
    progress::mark(Stage::Stopped);
    if let Some(ending) = ENDING.get() {
        ending(cause);
    }
    let _ = writeln!(Emergency, "The kernel has stopped. Reset the machine to start again.");
    interrupts::halt()
}
