//! The timer of each processor: one interrupt at a time that was asked for, none
//! otherwise.
//!
//! It is the local APIC's, set to a value of the time stamp counter where the processor
//! can do that, else to a number of its own clocks; with the PICs it is the PIT.

use core::fmt;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use raw_cpuid::CpuId;
use spin::{Mutex, Once};

use crate::arch::boot_stage::{self, Stage};
use crate::arch::init_order::Controllers;
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::irq::local_apic::{self, TimerMode};
use crate::arch::irq::vectors::{FIRST_LINE_VECTOR, TIMER_VECTOR};
use crate::arch::irq::{self, InCharge, Irq};
use crate::arch::time::{clock, pit};
use crate::per_cpu;

/// What interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Source {
    /// PIT channel 0, for the one processor that there is.
    Pit,
    /// The local APIC, by a number of its clocks.
    Apic,
    /// The local APIC, by the time stamp counter.
    TscDeadline,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pit => "PIT",
            Self::Apic => "local APIC",
            Self::TscDeadline => "local APIC, by the time stamp counter",
        })
    }
}

/// No interrupt is due.
const NEVER_NS: u64 = u64::MAX;

per_cpu! {
    /// When the timer interrupts, in nanoseconds on the kernel's clock.
    static DUE_NS: AtomicU64 = AtomicU64::new(NEVER_NS);
}

static SOURCE: AtomicU8 = AtomicU8::new(Source::Pit as u8);
/// How many clocks the APIC's timer counts in a nanosecond, as a fraction of 2^32.
static APIC_CLOCKS_PER_NS: AtomicU64 = AtomicU64::new(0);

const HANDLERS_MAX: usize = 4;

/// What happens at each interrupt of a timer, on its processor.
static HANDLERS: [Once<fn()>; HANDLERS_MAX] = [const { Once::new() }; HANDLERS_MAX];

/// What happens once, at the next interrupt. The handler only tries the lock.
static AT_NEXT: Mutex<Option<fn()>> = Mutex::new(None);

/// The timers, of all processors.
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    /// What interrupts.
    pub source: Source,
}

impl Timer {
    /// Returns how often this processor's timer has interrupted.
    pub fn interrupts(&self) -> u64 {
        irq::count(match self.source {
            Source::Pit => FIRST_LINE_VECTOR + Irq::Timer as u8,
            Source::Apic | Source::TscDeadline => TIMER_VECTOR,
        })
    }

    /// Lets `handler` run at each interrupt of a timer, on its processor. What it waits for
    /// may not have come: others set deadlines, too.
    ///
    /// # Panics
    /// If there are too many.
    pub fn add_handler(&self, handler: fn()) {
        let free = HANDLERS.iter().find(|slot| !slot.is_completed());
        free.expect("HANDLERS_MAX is at least the number of rooms with one").call_once(|| handler);
    }

    /// Runs `action` once, in an interrupt handler of this processor's timer, now.
    pub fn run_in_interrupt(&self, action: fn()) {
        // Or the handler would find it locked.
        let _interrupts_off = InterruptsOff::new();
        *AT_NEXT.lock() = Some(action);
        set_deadline(clock::now_ns());
    }
}

/// Starts the boot processor's timer; nothing is due yet.
pub fn start(controllers: Controllers) -> Timer {
    boot_stage::mark(Stage::Timer);
    let source = match irq::in_charge() {
        InCharge::Pic => Source::Pit,
        InCharge::Apic if local_apic::has_tsc_deadline() => Source::TscDeadline,
        InCharge::Apic => Source::Apic,
    };
    SOURCE.store(source as u8, Ordering::Relaxed);
    match source {
        Source::Pit => irq::set_handler(controllers, Irq::Timer, handle),
        Source::Apic | Source::TscDeadline => irq::set_local_handler(TIMER_VECTOR, handle),
    }
    if source == Source::Apic {
        let per_ns = (u128::from(find_apic_frequency()) << 32) / 1_000_000_000;
        APIC_CLOCKS_PER_NS.store(per_ns as u64, Ordering::Relaxed);
    }
    start_here();
    log::info!("{source}, by request");
    Timer { source }
}

/// Starts this processor's timer as the boot processor's.
pub fn start_here() {
    match source() {
        Source::Pit => pit::stop_channel_0(),
        Source::Apic => local_apic::start_timer(TIMER_VECTOR, TimerMode::OneShot),
        Source::TscDeadline => local_apic::start_timer(TIMER_VECTOR, TimerMode::TscDeadline),
    }
}

fn source() -> Source {
    const PIT: u8 = Source::Pit as u8;
    const APIC: u8 = Source::Apic as u8;
    match SOURCE.load(Ordering::Relaxed) {
        PIT => Source::Pit,
        APIC => Source::Apic,
        _ => Source::TscDeadline,
    }
}

/// Returns how fast the APIC's timer counts with its divider, in Hz.
///
/// Source: Intel SDM volume 3A, "APIC Timer", for the crystal's clock; the leaf of
/// hypervisors: VMware's "Mechanisms to determine if software is running in a VMware
/// virtual machine".
fn find_apic_frequency() -> u64 {
    const DIVIDER: u64 = 16;
    let cpuid = CpuId::new();
    let crystal_hz = cpuid.get_tsc_info().map(|info| u64::from(info.nominal_frequency()));
    let bus_hz = || {
        let khz = cpuid.get_hypervisor_info()?.apic_frequency()?;
        Some(u64::from(khz) * 1000)
    };
    let told = crystal_hz.filter(|&hz| hz != 0).or_else(|| bus_hz().filter(|&hz| hz != 0));
    match told {
        Some(frequency_hz) => frequency_hz / DIVIDER,
        None => measure_apic_frequency(),
    }
}

/// Measures the frequency against the clock; takes 2 ms.
fn measure_apic_frequency() -> u64 {
    const TIME_NS: u64 = 2_000_000;
    // Nothing comes: it is far from the end, and interrupts are off at this time.
    local_apic::start_timer(TIMER_VECTOR, TimerMode::OneShot);
    local_apic::set_timer_count(u32::MAX);
    let start_ns = clock::now_ns();
    clock::spin_ns(TIME_NS);
    let left = local_apic::timer_count();
    let passed_ns = clock::now_ns() - start_ns;
    local_apic::set_timer_count(0);
    (u64::from(u32::MAX - left) * 1_000_000_000 / passed_ns).max(1)
}

/// Lets this processor's timer interrupt at `deadline_ns`, on the kernel's clock, or
/// earlier. An earlier deadline that was set before stays. Interrupts have to be off.
#[inline]
pub fn set_deadline(deadline_ns: u64) {
    if deadline_ns >= DUE_NS.get() {
        return;
    }
    DUE_NS.set(deadline_ns);
    match source() {
        Source::TscDeadline => local_apic::set_timer_deadline(clock::tsc_at(deadline_ns).max(1)),
        Source::Apic => {
            let wait_ns = deadline_ns.saturating_sub(clock::now_ns());
            let per_ns = APIC_CLOCKS_PER_NS.load(Ordering::Relaxed);
            let clocks = (u128::from(wait_ns) * u128::from(per_ns)) >> 32;
            // A count of 0 would stop it.
            local_apic::set_timer_count((clocks as u64 + 1).min(u64::from(u32::MAX)) as u32);
        }
        Source::Pit => pit::start_one_shot(deadline_ns.saturating_sub(clock::now_ns())),
    }
}

fn handle() {
    DUE_NS.set(NEVER_NS);
    HANDLERS.iter().filter_map(Once::get).for_each(|handler| handler());
    let action = AT_NEXT.try_lock().and_then(|mut action| action.take());
    if let Some(action) = action {
        action();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::machine;
    use core::sync::atomic::AtomicBool;

    #[test_case]
    fn action_runs_in_an_interrupt_handler_once() {
        static HAS_RUN: AtomicBool = AtomicBool::new(false);
        let timer = machine().timer;
        let before = timer.interrupts();
        timer.run_in_interrupt(|| {
            assert!(irq::is_in_interrupt());
            assert!(!HAS_RUN.swap(true, Ordering::Relaxed));
        });
        while !HAS_RUN.load(Ordering::Relaxed) {
            core::hint::spin_loop();
        }
        assert!(timer.interrupts() > before);
    }
}
