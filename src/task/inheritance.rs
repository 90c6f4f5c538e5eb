//! Threads that run sooner because others wait for what they hold.
//!
//! Who waits for a sleeping mutex gives its policy to the thread that has it, if that is
//! the more urgent one, and through it to whom that waits for, up to [`CHAIN_MAX`]
//! threads. It is kept until the thread holds no sleeping mutex any more: so a thread
//! that waits for a mutex waits for as long as the threads before it hold mutexes, and
//! not for those that are less urgent than itself and hold none.

use core::sync::atomic::Ordering;

use run_queue::Policy;

use super::scheduler;
use super::thread::Thread;

/// So far a policy is given on.
pub(super) const CHAIN_MAX: u32 = 8;

/// Returns a number that is the larger the sooner a thread runs.
pub(super) fn urgency(policy: Policy) -> u32 {
    match policy {
        Policy::Fair(nice) => (19 - i32::from(nice.get())) as u32,
        Policy::RealTime(priority) => 100 + u32::from(priority.get()),
    }
}

/// Gives `policy` to `owner`, if it is more urgent than its own. Returns whether it was.
pub(super) fn give(policy: Policy, owner: &'static Thread) -> bool {
    if urgency(policy) <= urgency(owner.node.policy()) {
        return false;
    }
    owner.has_inherited.store(true, Ordering::Relaxed);
    scheduler::set_policy(owner, policy);
    true
}

/// Notes that `thread`, which runs, has taken a sleeping mutex.
pub(super) fn note_acquired(thread: &Thread) {
    let held = thread.mutexes_held.load(Ordering::Relaxed);
    thread.mutexes_held.store(held + 1, Ordering::Relaxed);
}

/// Notes that `thread`, which runs, has given a sleeping mutex back; with the last one
/// ends what it has inherited.
pub(super) fn note_released(thread: &'static Thread) {
    let held = thread.mutexes_held.load(Ordering::Relaxed) - 1;
    thread.mutexes_held.store(held, Ordering::Relaxed);
    if held == 0 && thread.has_inherited.load(Ordering::Relaxed) {
        thread.has_inherited.store(false, Ordering::Relaxed);
        let own = *thread.own_policy.lock();
        scheduler::set_policy(thread, own);
    }
}
