//! A timer of a clock: the base of timerfd, setitimer(2) and timer_create(2).

use alloc::boxed::Box;
use alloc::sync::Arc;

use interval_timer::IntervalTimer;

use super::error::FsError;
use crate::sync::{Rank, SpinMutex};
use crate::task::{Expire, TimerSlot};

/// The reading of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The time of the clock, in nanoseconds.
    pub now_ns: u64,
    /// The time of the kernel's clock at the same moment.
    pub kernel_now_ns: u64,
    /// The largest ratio of its rate to the rate of the kernel's clock.
    pub rate: u64,
    /// The shortest time to its next reading, in nanoseconds: 0 for a clock with a constant rate.
    pub gap_ns: u64,
}

/// The basis of a clock's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// The time that was set.
    #[default]
    Set,
    /// The time as if the clock had never been set, for relative times.
    Steady,
}

/// A clock that timers can have.
pub trait TimerClock: Send + Sync {
    /// Returns the time of the clock.
    fn read(&self, basis: Basis) -> Reading;
}

/// The time at which a timer expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    Never,
    /// After this number of nanoseconds.
    After(u64),
    /// At this time on the clock, in nanoseconds.
    At(u64),
}

/// The setting of a timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// The time to the next expiration, in nanoseconds; 0 if it is disarmed.
    pub left_ns: u64,
    /// The time from each expiration to the next, in nanoseconds; 0 for a single expiration.
    pub interval_ns: u64,
}

#[derive(Default)]
struct State {
    timer: IntervalTimer,
    basis: Basis,
}

/// The action of a timer. It is called with the number of expirations since the last call.
pub type OnExpiry = Box<dyn Fn(u64) + Send + Sync>;

/// A timer of a clock. The owner has to disarm it before dropping it.
pub struct ClockTimer {
    clock: Arc<dyn TimerClock>,
    on_expiry: OnExpiry,
    /// Protects the setting.
    state: SpinMutex<State>,
    slot: TimerSlot,
}

/// The shortest time between two actions of a timer with an interval, in nanoseconds. Expirations
/// in between are only counted.
const GAP_NS: u64 = 100_000;

impl ClockTimer {
    /// Makes a disarmed timer.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn try_new(clock: Arc<dyn TimerClock>, on_expiry: OnExpiry) -> Result<Arc<Self>, FsError> {
        let slot = TimerSlot::try_new().map_err(|_| FsError::NoMemory)?;
        let state = SpinMutex::new(Rank::Process, State::default());
        Ok(Arc::try_new(Self { clock, on_expiry, state, slot })?)
    }

    /// Sets the timer; returns the previous setting.
    pub fn set(self: &Arc<Self>, expiry: Expiry, interval_ns: u64) -> Setting {
        let basis = match expiry {
            Expiry::After(_) => Basis::Steady,
            Expiry::At(_) | Expiry::Never => Basis::Set,
        };
        let before = self.setting();
        let reading = self.clock.read(basis);
        let expires_ns = match expiry {
            Expiry::Never => None,
            Expiry::After(ns) => Some(reading.now_ns.saturating_add(ns)),
            Expiry::At(at_ns) => Some(at_ns),
        };
        let mut state = self.state.lock();
        state.timer.set(expires_ns, interval_ns);
        state.basis = basis;
        let armed = self.arm(&state, &reading, 0);
        drop(state);
        drop(armed);
        before
    }

    /// Disarms the timer.
    pub fn disarm(self: &Arc<Self>) {
        self.set(Expiry::Never, 0);
    }

    /// Returns the setting.
    pub fn setting(&self) -> Setting {
        let basis = self.state.lock().basis;
        let reading = self.clock.read(basis);
        let mut timer = self.state.lock().timer;
        // The thread of timers may not have handled the last expiration yet.
        timer.advance(reading.now_ns);
        Setting { left_ns: timer.left_ns(reading.now_ns), interval_ns: timer.interval_ns() }
    }

    /// Arms or disarms the timer below; returns the previous action, which the caller drops without
    /// the lock.
    fn arm(
        self: &Arc<Self>,
        state: &State,
        reading: &Reading,
        gap_ns: u64,
    ) -> Option<Arc<dyn Expire>> {
        let Some(expires_ns) = state.timer.expires_ns() else {
            return self.slot.disarm();
        };
        let left_ns = expires_ns.saturating_sub(reading.now_ns) / reading.rate.max(1);
        let wait_ns = left_ns.max(gap_ns).max(reading.gap_ns);
        self.slot.arm(reading.kernel_now_ns.saturating_add(wait_ns), self.clone())
    }
}

impl Expire for ClockTimer {
    fn expire(self: Arc<Self>) {
        let basis = self.state.lock().basis;
        let reading = self.clock.read(basis);
        let mut state = self.state.lock();
        if state.basis != basis {
            // The timer has been set and armed in between.
            return;
        }
        let count = state.timer.advance(reading.now_ns);
        let armed = self.arm(&state, &reading, if count > 0 { GAP_NS } else { 0 });
        drop(state);
        drop(armed);
        if count > 0 {
            (self.on_expiry)(count);
        }
    }
}
