//! Threads that run sooner because others wait for what they hold.
//!
//! Who waits for a sleeping mutex gives its policy to the thread that has it, if that is
//! the more urgent one, and through it to whom that waits for, up to [`CHAIN_MAX`]
//! threads. It is kept until the thread holds no sleeping mutex any more: so a thread
//! that waits for a mutex waits for as long as the threads before it hold mutexes, and
//! not for those that are less urgent than itself and hold none.

use core::sync::atomic::Ordering;

use run_queue::Policy;

use super::locked_queue::LockedQueue;
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

/// How a thread that is to inherit was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It has what the giver waits for, and can't give it back before it was asked: the
    /// bucket is locked.
    First,
    /// It had what another one waits for, and may have given it back.
    Further,
}

/// Gives `policy` to `owner`, if it is more urgent than its own. Returns whether it was.
pub(super) fn give(policy: Policy, owner: &'static Thread, link: Link) -> bool {
    let Some(mut queue) = LockedQueue::try_lock_of(owner) else {
        return false;
    };
    let has_none = owner.mutexes_held.load(Ordering::SeqCst) == 0;
    if urgency(policy) <= urgency(queue.policy(owner)) || link == Link::Further && has_none {
        return false;
    }
    owner.has_inherited.store(true, Ordering::SeqCst);
    scheduler::change_policy(&mut queue, owner, policy);
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
    // Before the look: who gives sees it, or is seen.
    thread.mutexes_held.store(held, Ordering::SeqCst);
    if held == 0 && thread.has_inherited.load(Ordering::SeqCst) {
        let own = *thread.own_policy.lock();
        let mut queue = LockedQueue::lock_of(thread);
        thread.has_inherited.store(false, Ordering::SeqCst);
        scheduler::change_policy(&mut queue, thread, own);
    }
}
