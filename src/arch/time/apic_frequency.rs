//! The frequency of the local APIC's timer.

use timekeeping::calibration::Sample;

use crate::arch::irq::local_apic::{self, TimerMode};
use crate::arch::irq::vectors::TIMER_VECTOR;
use crate::arch::time::calibration::{self, Reference, bracket};
use crate::arch::time::clock;
use crate::arch::time::rate::FrequencySource;

/// Returns the frequency of the APIC's timer with its divider, in Hz: as CPUID states it, or else
/// as measured.
pub(in crate::arch::time) fn find() -> u64 {
    match clock::stated().apic_timer_hz() {
        Some(frequency_hz) => frequency_hz / u64::from(local_apic::TIMER_DIVIDER),
        None => measure_apic_frequency(),
    }
}

/// The APIC's timer as a reference of unknown frequency: it counts down from its maximum.
struct ApicTimer {
    /// Its approximate frequency, in Hz.
    roughly_hz: u64,
}

impl Reference for ApicTimer {
    fn source(&self) -> FrequencySource {
        FrequencySource::LocalApic
    }

    fn hz(&self) -> u64 {
        self.roughly_hz
    }

    fn mask(&self) -> u64 {
        u32::MAX.into()
    }

    fn start(&self) -> bool {
        // The timer doesn't interrupt: the count ends much later, and interrupts are off now.
        local_apic::start_timer(TIMER_VECTOR, TimerMode::OneShot);
        local_apic::set_timer_count(u32::MAX);
        true
    }

    fn sample(&self) -> Option<Sample> {
        Some(bracket(|| u64::from(u32::MAX - local_apic::timer_count())))
    }

    fn stop(&self) {
        local_apic::set_timer_count(0);
    }
}

/// Measures the frequency against the time stamp counter.
fn measure_apic_frequency() -> u64 {
    const ROUGHLY_NS: u64 = 1_000_000;
    const TARGET_PPM: u64 = 50;
    let timer = ApicTimer { roughly_hz: 0 };
    timer.start();
    let start_ns = clock::now_ns();
    clock::spin_ns(ROUGHLY_NS);
    let counts = u64::from(u32::MAX - local_apic::timer_count());
    let passed_ns = (clock::now_ns() - start_ns).max(1);
    timer.stop();
    let roughly_hz = (counts * 1_000_000_000 / passed_ns).max(1);
    let estimate = calibration::measure(&ApicTimer { roughly_hz }, TARGET_PPM);
    estimate.map_or(roughly_hz, |estimate| estimate.reference(clock::rate().hz).hz.max(1))
}
