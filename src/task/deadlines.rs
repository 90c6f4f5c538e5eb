//! When threads are to be woken that wait no longer than that.
//!
//! Each CPU keeps those of the threads that began to wait on it, and its timer is
//! set to the earliest.

use core::sync::atomic::Ordering;

use super::cpu::{self, SchedCpu};
use super::table::{self, Table};
use super::thread::Thread;
use crate::arch::time::timer;

/// Notes that `thread`, which runs on this CPU, is to be woken at `deadline_ns`.
/// Interrupts are off.
pub(super) fn insert(thread: &'static Thread, deadline_ns: u64) {
    let cpu = cpu::this();
    thread.deadline_cpu.store(cpu.number, Ordering::Relaxed);
    cpu.deadlines.lock().insert(&Table, thread.slot, deadline_ns);
    timer::set_deadline(deadline_ns);
}

/// Forgets the deadline of `thread`, which runs, if it wasn't reached.
pub(super) fn remove(thread: &'static Thread) {
    let cpu = cpu::get(thread.deadline_cpu.load(Ordering::Relaxed));
    let mut deadlines = cpu.deadlines.lock();
    if thread.deadline.is_linked() {
        deadlines.remove(&Table, thread.slot);
    }
}

/// Takes a thread out whose deadline has come.
pub(super) fn pop_reached(cpu: &SchedCpu, now_ns: u64) -> Option<&'static Thread> {
    let mut deadlines = cpu.deadlines.lock();
    let is_reached = deadlines.first_key(&Table).is_some_and(|first_ns| first_ns <= now_ns);
    is_reached.then(|| deadlines.pop(&Table)).flatten().map(table::thread)
}

/// Returns the earliest deadline.
pub(super) fn first_ns(cpu: &SchedCpu) -> Option<u64> {
    cpu.deadlines.lock().first_key(&Table)
}
