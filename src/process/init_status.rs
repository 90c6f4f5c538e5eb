//! How the first process has ended.

use spin::Once;

use super::exit_status::ExitStatus;
use crate::sync::WaitQueue;

static STATUS: Once<ExitStatus> = Once::new();
static HAS_ENDED: WaitQueue = WaitQueue::new();

/// Notes that the first process has ended, or that the machine is to be switched off.
pub fn set(status: ExitStatus) {
    STATUS.call_once(|| status);
    HAS_ENDED.wake_all();
}

/// Waits until the first process has ended; returns how.
pub fn wait() -> ExitStatus {
    HAS_ENDED.wait_until(|| STATUS.is_completed());
    *STATUS.get().expect("it has ended")
}
