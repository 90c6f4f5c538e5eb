//! The times at which waits end.
//!
//! Each CPU keeps the deadlines of the threads that began to wait on it, and sets its timer to the
//! earliest.

use deadline_queue::{Link, Links};

use super::cpu::{self, SchedCpu};
use super::thread::Thread;
use crate::arch::time::timer;
use crate::sync::Key;

/// The threads whose links the locked deadlines of a CPU own.
struct Owned<'a>(Key<'a>);

impl Links for Owned<'_> {
    type Id = &'static Thread;

    #[inline]
    fn link(&self, thread: &'static Thread) -> &Link<&'static Thread> {
        thread.deadline.open(self.0)
    }
}

/// Sets the deadline of `thread`, which runs on this CPU and has none: it is woken at
/// `deadline_ns`. Interrupts are off. Returns the CPU that keeps the deadline.
pub(super) fn insert(thread: &'static Thread, deadline_ns: u64) -> &'static SchedCpu {
    let cpu = cpu::this();
    {
        let mut deadlines = cpu.deadlines.lock();
        thread.deadline.claim(&mut deadlines);
        let (queue, key) = deadlines.parts();
        queue.insert(&Owned(key), thread, deadline_ns);
    }
    timer::set_deadline(deadline_ns);
    cpu
}

/// Removes the deadline of the running thread from those that `cpu` keeps, unless it was reached.
pub(super) fn remove(thread: &'static Thread, cpu: &SchedCpu) {
    let mut deadlines = cpu.deadlines.lock();
    let (queue, key) = deadlines.parts();
    if thread.deadline.is_owned_by(key) {
        queue.remove(&Owned(key), thread);
        thread.deadline.disown(&mut deadlines);
    }
}

/// Removes a deadline that was reached; returns its thread.
pub(super) fn pop_reached(cpu: &SchedCpu, now_ns: u64) -> Option<&'static Thread> {
    let mut deadlines = cpu.deadlines.lock();
    let (queue, key) = deadlines.parts();
    let owned = Owned(key);
    let is_reached = queue.first_key(&owned).is_some_and(|first_ns| first_ns <= now_ns);
    let thread = is_reached.then(|| queue.pop(&owned)).flatten()?;
    thread.deadline.disown(&mut deadlines);
    Some(thread)
}

/// Returns the earliest deadline.
pub(super) fn first_ns(cpu: &SchedCpu) -> Option<u64> {
    let mut deadlines = cpu.deadlines.lock();
    let (queue, key) = deadlines.parts();
    queue.first_key(&Owned(key))
}
