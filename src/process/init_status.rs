//! The way in which the first process has ended.

use spin::Once;

use super::exit_status::ExitStatus;
use crate::sync::WaitQueue;

static STATUS: Once<ExitStatus> = Once::new();
static HAS_ENDED: WaitQueue = WaitQueue::new();

/// Records that the first process has ended, or that the machine is about to be switched off.
pub fn set(status: ExitStatus) {
    STATUS.call_once(|| status);
    HAS_ENDED.wake_all();
}

/// Waits until the first process has ended, and returns its status; or until `or` returns true, and
/// returns `None`. Code that changes that condition has to call [`wake`].
pub fn wait_or(or: impl Fn() -> bool) -> Option<ExitStatus> {
    HAS_ENDED.wait_until(|| STATUS.is_completed() || or());
    STATUS.get().copied()
}

/// Makes [`wait_or`] check its condition again.
pub fn wake() {
    HAS_ENDED.wake_all();
}
