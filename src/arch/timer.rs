//! The periodic tick.

use core::sync::atomic::{AtomicU64, Ordering};

use spin::{Mutex, Once};

use super::interrupts::InterruptsOff;
use super::irq::{self, Irq};
use super::pit;
use super::progress::{self, Stage};
use super::steps::Controllers;

/// Ticks a second, rounded to what the PIT can.
pub const TICKS_HZ: u32 = 1000;

static TICKS: AtomicU64 = AtomicU64::new(0);

/// What happens once, at the next tick. The handler only tries the lock.
static AT_NEXT_TICK: Mutex<Option<fn()>> = Mutex::new(None);

/// What happens at each tick.
static AT_EACH_TICK: Once<fn()> = Once::new();

/// The running timer.
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    /// The exact length of a tick in nanoseconds.
    pub tick_ns: u64,
}

impl Timer {
    /// Returns the ticks since interrupts were turned on.
    pub fn ticks(&self) -> u64 {
        TICKS.load(Ordering::Relaxed)
    }

    /// Runs `action` once, in the next tick's interrupt handler.
    pub fn run_at_next_tick(&self, action: fn()) {
        // Or the handler would find it locked, and leave it for a tick later.
        let _interrupts_off = InterruptsOff::new();
        *AT_NEXT_TICK.lock() = Some(action);
    }

    /// Runs `action` in each tick's interrupt handler from now on.
    ///
    /// # Panics
    /// If one does already.
    pub fn run_at_each_tick(&self, action: fn()) {
        assert!(!AT_EACH_TICK.is_completed(), "there is one action for each tick");
        AT_EACH_TICK.call_once(|| action);
    }
}

/// Starts the tick; it counts once interrupts are on.
pub fn start(controllers: Controllers) -> Timer {
    progress::mark(Stage::Timer);
    let tick_ns = pit::start_ticks(TICKS_HZ);
    irq::set_handler(controllers, Irq::Timer, || {
        TICKS.fetch_add(1, Ordering::Relaxed);
        if let Some(action) = AT_EACH_TICK.get() {
            action();
        }
        let action = AT_NEXT_TICK.try_lock().and_then(|mut action| action.take());
        if let Some(action) = action {
            action();
        }
    });
    log::info!("PIT, a tick every {tick_ns} ns");
    Timer { tick_ns }
}
