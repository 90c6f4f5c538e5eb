//! A timer that expires once or periodically: its next expiration, and the count of past ones.
//!
//! All times are in nanoseconds of the caller's clock.
//!
//! ```
//! use interval_timer::IntervalTimer;
//! let mut timer = IntervalTimer::new();
//! timer.set(Some(100), 30);
//! assert_eq!(timer.left_ns(40), 60);
//! assert_eq!(timer.advance(99), 0);
//! // At 100, 130 and 160.
//! assert_eq!(timer.advance(170), 3);
//! assert_eq!(timer.expires_ns(), Some(190));
//! ```
//!
//! Source: timer_settime(2), timer_getoverrun(2); POSIX.1-2024, `timer_settime`.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;
#[cfg(test)]
mod tests;

/// A timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IntervalTimer {
    /// The time of the next expiration; `None` if the timer is disarmed.
    expires_ns: Option<u64>,
    /// The time from each expiration to the next; 0 if the timer expires once.
    interval_ns: u64,
}

impl IntervalTimer {
    /// Returns a disarmed timer.
    pub const fn new() -> Self {
        Self { expires_ns: None, interval_ns: 0 }
    }

    /// Arms the timer, or disarms it if `expires_ns` is `None`.
    pub fn set(&mut self, expires_ns: Option<u64>, interval_ns: u64) {
        *self = Self { expires_ns, interval_ns };
    }

    /// Returns the time of the next expiration; `None` if the timer is disarmed.
    pub fn expires_ns(&self) -> Option<u64> {
        self.expires_ns
    }

    /// Returns the time from each expiration to the next; 0 if the timer expires once.
    pub fn interval_ns(&self) -> u64 {
        self.interval_ns
    }

    /// Returns the time from `now_ns` to the next expiration: at least 1 if the timer is armed, 0
    /// if it is disarmed.
    pub fn left_ns(&self, now_ns: u64) -> u64 {
        self.expires_ns.map_or(0, |expires_ns| expires_ns.saturating_sub(now_ns).max(1))
    }

    /// Returns how often the timer has expired up to `now_ns` since the last call. The expiration
    /// of a timer without an interval disarms it.
    pub fn advance(&mut self, now_ns: u64) -> u64 {
        let Some(expires_ns) = self.expires_ns.filter(|expires_ns| *expires_ns <= now_ns) else {
            return 0;
        };
        let Some(more) = (now_ns - expires_ns).checked_div(self.interval_ns) else {
            self.expires_ns = None;
            return 1;
        };
        let count = more.saturating_add(1);
        self.expires_ns = Some(expires_ns.saturating_add(self.interval_ns.saturating_mul(count)));
        count
    }
}
