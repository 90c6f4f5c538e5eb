//! Interruption of a thread that runs a program: its waits that can be cancelled end, and it looks
//! at its signals before it returns to ring 3.

use super::parking;
use super::scheduler;
use super::table;
use super::thread::Thread;
use super::thread_ref::ThreadRef;

/// Ends a wait of `thread` that can be cancelled, the present one or the next, and makes it enter the
/// kernel if it is in ring 3 on another CPU.
pub fn interrupt(thread: &ThreadRef) {
    let thread: &'static Thread = thread.thread();
    parking::cancel(thread);
    if !core::ptr::eq(thread, table::current()) {
        scheduler::kick(thread);
    }
}

/// Ends the interruption of the running thread: its waits wait again.
pub fn clear_interrupt() {
    table::current().clear_cancelled();
}
