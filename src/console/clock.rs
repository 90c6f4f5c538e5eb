//! The time, for what the console does after a while.

use spin::Once;

use crate::arch::clock::Clock;

static CLOCK: Once<Clock> = Once::new();

/// Takes the clock over.
pub(super) fn start(clock: Clock) {
    CLOCK.call_once(|| clock);
}

/// Returns the microseconds since the start.
pub(super) fn now_us() -> u64 {
    CLOCK.get().map_or(0, Clock::uptime_us)
}
