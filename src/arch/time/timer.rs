//! The timer of each CPU, which interrupts only at deadlines.
//!
//! It is the local APIC's timer, in TSC-deadline mode if the CPU supports that, otherwise in a mode
//! that counts the timer's own clocks. With the PICs it is the PIT.

use core::fmt;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use spin::{Mutex, Once};

use crate::arch::boot_stage::{self, Stage};
use crate::arch::init_order::Controllers;
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::irq::local_apic::{self, TimerMode};
use crate::arch::irq::vectors::{FIRST_LINE_VECTOR, TIMER_VECTOR};
use crate::arch::irq::{self, ActiveController, Irq};
use crate::arch::time::{apic_frequency, clock, pit};
use crate::per_cpu;

/// The source of the timer's interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Source {
    /// PIT channel 0, for the only CPU.
    Pit,
    /// The local APIC, set to a number of its clocks.
    Apic,
    /// The local APIC, set to a value of the time stamp counter.
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

/// No deadline.
pub(in crate::arch::time) const NEVER_NS: u64 = u64::MAX;

per_cpu! {
    /// The timer's deadline, in nanoseconds on the kernel's clock.
    static DUE_NS: AtomicU64 = AtomicU64::new(NEVER_NS);
}

static SOURCE: AtomicU8 = AtomicU8::new(Source::Pit as u8);
/// The APIC timer's clocks per nanosecond, as a multiple of 2^-32.
static APIC_CLOCKS_PER_NS: AtomicU64 = AtomicU64::new(0);

const HANDLERS_MAX: usize = 4;

/// The handlers of timer interrupts; they run on the timer's CPU.
static HANDLERS: [Once<fn()>; HANDLERS_MAX] = [const { Once::new() }; HANDLERS_MAX];

/// An action that runs once, at the next interrupt. The handler doesn't wait for the lock; it only
/// tries to take it.
static AT_NEXT: Mutex<Option<fn()>> = Mutex::new(None);

/// The timers of all CPUs.
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    /// The source of the timer's interrupts.
    pub source: Source,
}

impl Timer {
    /// Returns how often this CPU's timer has interrupted.
    pub fn interrupts(&self) -> u64 {
        irq::count(match self.source {
            Source::Pit => FIRST_LINE_VECTOR + Irq::Timer as u8,
            Source::Apic | Source::TscDeadline => TIMER_VECTOR,
        })
    }

    /// Runs `handler` at each timer interrupt, on the timer's CPU, whatever the deadline was set
    /// for.
    ///
    /// # Panics
    /// If there are too many.
    pub fn add_handler(&self, handler: fn()) {
        let free = HANDLERS.iter().find(|slot| !slot.is_completed());
        free.expect("HANDLERS_MAX is at least the number of rooms with one").call_once(|| handler);
    }

    /// Runs `action` once in the interrupt handler of this CPU's timer, as soon as
    /// interrupts are on.
    pub fn run_in_interrupt(&self, action: fn()) {
        // A handler that ran now would find the lock taken.
        let _interrupts_off = InterruptsOff::new();
        *AT_NEXT.lock() = Some(action);
        set_deadline(clock::now_ns());
    }
}

/// Starts the boot CPU's timer, without a deadline. If no local APIC is in use and the PIT
/// doesn't count, there is no timer: this is logged, and waits with a deadline don't time out.
pub fn start(controllers: Controllers) -> Timer {
    boot_stage::mark(Stage::Timer);
    let source = match irq::active_controller() {
        ActiveController::Pic => Source::Pit,
        ActiveController::Apic if local_apic::has_tsc_deadline() => Source::TscDeadline,
        ActiveController::Apic => Source::Apic,
    };
    SOURCE.store(source as u8, Ordering::Relaxed);
    match source {
        Source::Pit => irq::set_handler(controllers, Irq::Timer, handle),
        Source::Apic | Source::TscDeadline => irq::set_local_handler(TIMER_VECTOR, handle),
    }
    if source == Source::Apic {
        let per_ns = (u128::from(apic_frequency::find()) << 32) / 1_000_000_000;
        APIC_CLOCKS_PER_NS.store(per_ns as u64, Ordering::Relaxed);
    }
    start_here();
    if source == Source::Pit && !pit::is_working() {
        log::error!("no timer: the PIT doesn't count, and no local APIC is in charge");
    }
    log::info!("{source}, by request");
    Timer { source }
}

/// Starts this CPU's timer, of the same kind as the boot CPU's.
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

/// Sets this CPU's timer to interrupt at `deadline_ns` on the kernel's clock, unless it
/// is set to an earlier time. Interrupts are off.
#[inline]
pub fn set_deadline(deadline_ns: u64) {
    if deadline_ns >= DUE_NS.get() {
        return;
    }
    program(deadline_ns);
}

/// Programs the timer of this CPU.
#[inline(never)]
fn program(deadline_ns: u64) {
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
