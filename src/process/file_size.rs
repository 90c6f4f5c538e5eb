//! RLIMIT_FSIZE of the running process, for files.

use signals::Signal;

use super::current::with_running;
use super::limits::{Resource, UNLIMITED};
use super::signal_sending;
use crate::fs::size_limit;

/// Registers the function that returns the limit.
pub(super) fn start() {
    size_limit::set_hooks(limit, reached);
}

/// Returns the largest size of a file for the running process, in bytes.
fn limit() -> u64 {
    let limit = with_running(|thread| thread.process().limit(Resource::FileSize).soft);
    limit.unwrap_or(UNLIMITED)
}

/// Sends SIGXFSZ to the running process.
fn reached() {
    with_running(|thread| signal_sending::send_of_kernel(thread.process(), Signal::XFSZ));
}
