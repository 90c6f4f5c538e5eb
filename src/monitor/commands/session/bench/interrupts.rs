//! Interrupts.

use alloc::sync::Arc;
use core::hint;
use core::sync::atomic::{AtomicU64, Ordering};

use super::benchmark::{Benchmark, Place, Unmeasured};
use super::sampler::Sampler;
use crate::arch::irq::Handler;
use crate::arch::irq::software_interrupt::SoftwareInterrupt;

pub(super) const INTERRUPT: Benchmark = Benchmark {
    name: "interrupt",
    what: "an interrupt, in, out",
    sample: "the CPU interrupts itself, by its APIC or by INT, and returns.",
    run: interrupt,
};

/// The handler: counts the interrupts.
#[derive(Default)]
struct Count(AtomicU64);

impl Handler for Count {
    fn handle(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn interrupt(mut sampler: Sampler, place: &Place) -> Result<Sampler, Unmeasured> {
    let count = Arc::try_new(Count::default()).map_err(|_| Unmeasured::OutOfMemory)?;
    let interrupt = SoftwareInterrupt::try_new(place.controllers, place.cpu, count.clone())?;
    while sampler.goes_on() {
        let before = count.0.load(Ordering::Relaxed);
        sampler.time(|| {
            interrupt.raise();
            // The message of an APIC takes a while.
            while count.0.load(Ordering::Relaxed) == before {
                hint::spin_loop();
            }
        });
    }
    Ok(sampler)
}
