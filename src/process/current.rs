//! The running thread, if it belongs to a process.

use core::any::Any;

use super::table::Member;
use super::thread::ProcessThread;
use crate::arch::user::way_out;

/// Calls `access` with the running thread, if it belongs to a process.
pub(super) fn with_running<R>(access: impl FnOnce(&ProcessThread) -> R) -> Option<R> {
    way_out::with_running(|thread| {
        let thread: &dyn Any = thread;
        thread.downcast_ref().map(access)
    })
    .flatten()
}

/// Returns the running thread and its process; `None` in a thread of the kernel.
pub fn current() -> Option<Member> {
    with_running(|thread| Member {
        process: thread.process().clone(),
        thread: thread.handle().clone(),
    })
}
