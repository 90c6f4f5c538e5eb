//! The last words of a kernel that can't go on.
//!
//! They take no lock and no heap: they go straight to the devices, through the
//! log's emergency sinks. A second failure within them is cut short.

#![forbid(unsafe_code)]

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use spin::Once;

use crate::arch::exceptions;
use crate::arch::interrupts;
use crate::arch::percpu::PerCpu;
use crate::arch::progress::{self, Stage};
use crate::arch::report;
use crate::log::Emergency;
use crate::mm::fault;

/// What happens behind the last words, instead of halting. It is told whether
/// the kernel panicked or met an exception, and with what text.
pub type Ending = fn(&dyn fmt::Display) -> !;

static ENDING: Once<Ending> = Once::new();
static IS_ENDING: AtomicBool = AtomicBool::new(false);

/// Makes exceptions that the kernel can't go on from end here too, and their
/// reports tell what lies at an address.
pub fn start(_cpu: &PerCpu) {
    exceptions::set_fatal(|report| end(report));
    report::set_guide(fault::GUIDE);
}

/// Registers what happens behind the last words.
pub fn set_ending(ending: Ending) {
    ENDING.call_once(|| ending);
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    end(info)
}

fn end(cause: &dyn fmt::Display) -> ! {
    // Never dropped: the end doesn't return.
    let _interrupts_off = interrupts::InterruptsOff::new();
    if IS_ENDING.swap(true, Ordering::Relaxed) {
        // Formatting `cause` may be what fails.
        let _ = Emergency.write_str("\nand another failure while that was reported\n");
        interrupts::halt();
    }
    // The sinks take everything.
    let _ = writeln!(Emergency, "\n{cause}");
    progress::mark(Stage::Stopped);
    if let Some(ending) = ENDING.get() {
        ending(cause);
    }
    let _ = writeln!(Emergency, "The kernel has stopped. Reset the machine to start again.");
    interrupts::halt()
}
