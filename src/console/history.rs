//! The newest log lines, kept for sinks that start later, for `log` and for reports.

use log::Level;
use log_ring::LogRing;

use crate::klog as kernel_log;

/// How many bytes are kept: about 200 lines.
const KEPT_BYTES: usize = 16 * 1024;
/// How much of a line is shown, in bytes.
const LINE_MAX_BYTES: usize = 256;

static HISTORY: LogRing<KEPT_BYTES> = LogRing::new();

/// Keeps all lines that are logged from now on.
pub fn start() {
    kernel_log::add_sink(|level, line| HISTORY.push(level as u8, line));
}

/// Gives the kept lines, oldest first, to `found`. Takes no lock and no heap.
pub fn for_each(mut found: impl FnMut(Level, &str)) {
    HISTORY.for_each::<LINE_MAX_BYTES>(|level, line| {
        let level = Level::iter().find(|&it| it as u8 == level).unwrap_or(Level::Info);
        found(level, line);
    });
}
