//! The newest log lines, kept for sinks that start later, for `log` and for reports.

use core::ops::Range;

use log::Level;
use log_ring::LogRing;

use crate::klog as kernel_log;

/// The size of the kept lines, in bytes: about 200 lines.
pub const KEPT_BYTES: usize = 16 * 1024;
/// The longest line that is shown, in bytes.
const LINE_MAX_BYTES: usize = 256;

static HISTORY: LogRing<KEPT_BYTES> = LogRing::new();

/// Keeps all lines that are logged from now on.
pub fn start() {
    kernel_log::add_sink(|level, line| HISTORY.push(level as u8, line));
}

/// Returns the position in the log at which the next line will begin.
pub fn end() -> usize {
    HISTORY.end()
}

/// Calls `found` with each kept line that begins in a range of positions, and its position; oldest
/// first.
pub fn for_each_within(positions: Range<usize>, mut found: impl FnMut(usize, Level, &str)) {
    HISTORY.for_each_within::<LINE_MAX_BYTES>(positions, |position, level, line| {
        found(position, level_of(level), line);
    });
}

/// Calls `found` with each kept line; oldest first. Takes no lock and doesn't use the heap.
pub fn for_each(mut found: impl FnMut(Level, &str)) {
    HISTORY.for_each::<LINE_MAX_BYTES>(|level, line| found(level_of(level), line));
}

fn level_of(number: u8) -> Level {
    Level::iter().find(|&it| it as u8 == number).unwrap_or(Level::Info)
}
