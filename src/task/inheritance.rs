//! Priority inheritance: the owner of a sleeping mutex runs by the policy of a thread that waits
//! for the mutex, if that policy is more urgent than its own.
//!
//! A waiting thread *lends* its policy to the owner, if it is more urgent than the owner's own
//! policy. The loan ends when the thread stops waiting, or the owner releases the mutex. After its
//! last loan an owner runs by its own policy again. An owner that itself waits for a mutex lends
//! the policy on, up to [`CHAIN_MAX`] threads in all. So a thread waits for as long as the owners
//! before it hold the mutexes, and not for less urgent threads that hold none.
//!
//! All of this happens where a thread begins or ends a wait, and where a mutex with waiting threads
//! changes its owner. A mutex without waiting threads costs nothing.
//!
//! The lock of a waiting thread's bucket in the parking lot owns whether the thread lends, and to
//! which owner. While it is held, the owner can't release the mutex. The lock of the owner's run
//! queue owns the number of its loans, and its policy.

use run_queue::Policy;

use super::locked_queue::LockedQueue;
use super::parked::Waiter;
use super::scheduler;
use super::thread::Thread;
use crate::arch::irq::interrupt_flag::InterruptsOff;

/// The most threads that a policy is lent to, one after the other.
pub(super) const CHAIN_MAX: u32 = 8;

/// Returns the urgency of a policy: the scheduler prefers threads with a larger one.
fn urgency(policy: Policy) -> u32 {
    match (policy.real_time_priority(), policy.nice()) {
        (Some(priority), _) => 100 + u32::from(priority.get()),
        (None, Some(nice)) => (20 - i32::from(nice.get())) as u32,
        (None, None) => 0,
    }
}

/// Sets the policy of `thread`, which counts while it inherits no more urgent one.
pub fn set_policy(thread: &'static Thread, policy: Policy) {
    let interrupts_off = InterruptsOff::new();
    let Some(mut queue) = LockedQueue::try_lock_of(thread, &interrupts_off) else {
        return;
    };
    *thread.own_policy.lock() = policy;
    let inherits =
        queue.loans(thread).get() > 0 && urgency(policy) <= urgency(queue.policy(thread));
    if !inherits {
        scheduler::change_policy(&mut queue, thread, policy);
    }
}

/// Lends the policy of `thread` to the owner of the mutex that it waits for. Its bucket, which owns
/// `waiter`, is locked. Returns the owner if its policy has changed.
pub(super) fn lend(
    thread: &'static Thread,
    waiter: &Waiter<&'static Thread>,
) -> Option<&'static Thread> {
    let owner = waiter.owner.get()?;
    let policy = thread.policy();
    if urgency(policy) <= urgency(*owner.own_policy.lock()) {
        return None;
    }
    let interrupts_off = InterruptsOff::new();
    let mut queue = LockedQueue::try_lock_of(owner, &interrupts_off)?;
    if !waiter.is_lending.replace(true) {
        queue.loans(owner).update(|loans| loans + 1);
    }
    if urgency(policy) <= urgency(queue.policy(owner)) {
        return None;
    }
    scheduler::change_policy(&mut queue, owner, policy);
    Some(owner)
}

/// Ends the loan of the thread that `waiter` is of, if it lends. Its bucket is locked.
#[inline]
pub(super) fn end_loan(waiter: &Waiter<&'static Thread>) {
    if waiter.is_lending.replace(false)
        && let Some(owner) = waiter.owner.get()
    {
        end_loan_to(owner);
    }
}

#[cold]
fn end_loan_to(owner: &'static Thread) {
    let interrupts_off = InterruptsOff::new();
    let mut queue = LockedQueue::lock_of(owner, &interrupts_off);
    let loans = queue.loans(owner);
    loans.update(|loans| loans - 1);
    if loans.get() == 0 {
        let own = *owner.own_policy.lock();
        scheduler::change_policy(&mut queue, owner, own);
    }
}
