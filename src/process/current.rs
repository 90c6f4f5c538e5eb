//! The process that this runs in.

use core::any::Any;

use super::table::Member;
use super::thread::ProcessThread;
use crate::arch::user::way_out;

/// Returns the running thread and its process; `None` in a thread of the kernel.
pub fn current() -> Option<Member> {
    way_out::with_running(|thread| {
        let thread: &dyn Any = thread;
        thread.downcast_ref().map(|thread: &ProcessThread| Member {
            process: thread.process().clone(),
            thread: thread.handle().clone(),
        })
    })
    .flatten()
}
