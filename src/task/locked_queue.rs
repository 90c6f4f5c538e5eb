//! A locked run queue of a CPU, and the scheduling state of threads that it owns.

use core::cell::Cell;
use core::sync::atomic::Ordering;

use run_queue::{Entities, Policy, Previous, QueueState, SchedEntity, Start};

use super::cpu::{self, Queue, SchedCpu};
use super::scheduling::Scheduling;
use super::table;
use super::thread::{State, Thread};
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::time::clock;
use crate::sync::{IrqMutexGuard, Key};

/// How many waiting threads are looked at for one that may move to another CPU.
const LOOKS: u32 = 8;

/// The threads whose scheduling state a locked queue owns.
struct Owned<'a>(Key<'a>);

impl Entities for Owned<'_> {
    type Id = &'static Thread;

    #[inline]
    fn entity(&self, thread: &'static Thread) -> &SchedEntity<&'static Thread> {
        &thread.scheduling.open(self.0).entity
    }
}

/// A run queue that is locked. It owns the scheduling state of the threads that are on
/// it, or were last.
pub(super) struct LockedQueue<'i> {
    cpu: &'static SchedCpu,
    guard: IrqMutexGuard<'static, Queue, &'i InterruptsOff>,
}

impl<'i> LockedQueue<'i> {
    /// Locks the queue of `cpu`.
    #[inline]
    pub(super) fn lock(cpu: &'static SchedCpu, interrupts_off: &'i InterruptsOff) -> Self {
        Self { cpu, guard: cpu.run_queue.lock_within(interrupts_off) }
    }

    /// Locks the queue that owns the scheduling state of `thread`; `None` if the thread is a free
    /// one.
    #[inline]
    pub(super) fn try_lock_of(thread: &Thread, interrupts_off: &'i InterruptsOff) -> Option<Self> {
        loop {
            let mut queue = Self::lock(thread.last_cpu(), interrupts_off);
            if thread.scheduling.is_owned_by(queue.guard.parts().1) {
                return Some(queue);
            }
            // It has been moved meanwhile, or has ended.
            if thread.state() == State::Free {
                return None;
            }
        }
    }

    /// Locks the queue that owns the scheduling state of `thread`.
    ///
    /// # Panics
    /// If the thread is a free one.
    #[inline]
    pub(super) fn lock_of(thread: &Thread, interrupts_off: &'i InterruptsOff) -> Self {
        loop {
            let mut queue = Self::lock(thread.last_cpu(), interrupts_off);
            if thread.scheduling.is_owned_by(queue.guard.parts().1) {
                return queue;
            }
            // It has been moved meanwhile.
            assert!(thread.state() != State::Free, "the thread is free");
        }
    }

    #[inline]
    fn parts(&mut self) -> (&mut Queue, Owned<'_>) {
        let (queue, key) = self.guard.parts();
        (queue, Owned(key))
    }

    /// Returns the scheduling state of a thread of this queue.
    #[inline]
    fn scheduling<'a>(&'a mut self, thread: &'a Thread) -> &'a Scheduling<&'static Thread> {
        thread.scheduling.open(self.guard.parts().1)
    }

    /// Returns the CPU.
    #[inline]
    pub(super) fn cpu(&self) -> &'static SchedCpu {
        self.cpu
    }

    /// Returns how many threads run or wait here.
    #[inline]
    pub(super) fn len(&self) -> u32 {
        self.guard.len()
    }

    /// Returns the sum of the weights of its threads.
    pub(super) fn load(&self) -> u64 {
        self.guard.load()
    }

    /// Returns the virtual time, as of the last [`Self::update`].
    pub(super) fn virtual_time(&self) -> u64 {
        self.guard.virtual_time()
    }

    /// Returns how many of its threads are real-time.
    pub(super) fn real_time_len(&self) -> u32 {
        self.guard.real_time_len()
    }

    /// Returns whether a thread of this queue is on it.
    #[inline]
    pub(super) fn state(&mut self, thread: &Thread) -> QueueState {
        self.scheduling(thread).entity.state()
    }

    /// Returns the policy of a thread of this queue.
    pub(super) fn policy(&mut self, thread: &Thread) -> Policy {
        self.scheduling(thread).entity.policy()
    }

    /// Returns how long a thread of this queue ran, in nanoseconds, as of the last
    /// [`Self::update`].
    pub(super) fn charged_ns(&mut self, thread: &Thread) -> u64 {
        let scheduling = self.scheduling(thread);
        scheduling.entity.run_time_ns().saturating_sub(scheduling.run_time_before_ns.get())
    }

    /// Returns the number of waiting threads that lend a thread of this queue their policy.
    pub(super) fn loans<'a>(&'a mut self, thread: &'a Thread) -> &'a Cell<u32> {
        &self.scheduling(thread).loans
    }

    /// Notes that a thread of this queue is ready to run since `now_ns`.
    #[inline]
    pub(super) fn set_ready(&mut self, thread: &Thread, now_ns: u64) {
        self.scheduling(thread).ready_since_ns.set(Some(now_ns));
    }

    /// Charges the running thread up to now.
    #[inline]
    pub(super) fn update(&mut self, now_ns: u64) {
        let (queue, entities) = self.parts();
        queue.update(&entities, now_ns);
    }

    /// Puts a thread of this queue on it.
    #[inline(always)]
    pub(super) fn enqueue(&mut self, thread: &'static Thread, start: Start, now_ns: u64) {
        let (queue, entities) = self.parts();
        queue.enqueue(&entities, thread, start, now_ns);
        self.publish();
    }

    /// Takes a waiting thread off, to move it.
    pub(super) fn dequeue(&mut self, thread: &'static Thread, now_ns: u64) {
        let (queue, entities) = self.parts();
        queue.update(&entities, now_ns);
        queue.dequeue(&entities, thread);
        self.publish();
    }

    /// Picks the thread that this CPU runs from now on, and notes how long it was ready.
    #[inline(always)]
    pub(super) fn pick(&mut self, now_ns: u64, previous: Previous) -> Option<&'static Thread> {
        let (queue, entities) = self.parts();
        let len = queue.len();
        let next = queue.pick(&entities, now_ns, previous);
        let ready_since_ns =
            next.and_then(|next| next.scheduling.open(entities.0).ready_since_ns.take());
        if queue.len() != len {
            self.publish();
        }
        if let Some(ready_since_ns) = ready_since_ns {
            self.cpu.note_latency(now_ns.saturating_sub(ready_since_ns));
        }
        next
    }

    /// Takes a waiting thread off for `other`, which is idle.
    pub(super) fn steal(&mut self, other: &SchedCpu, now_ns: u64) -> Option<&'static Thread> {
        let (queue, entities) = self.parts();
        queue.update(&entities, now_ns);
        let thread = queue.steal(&entities, |it| it.may_run_on(other.id()), LOOKS)?;
        self.publish();
        Some(thread)
    }

    /// Takes the waiting real-time thread that comes first off for `other`.
    pub(super) fn take_real_time(&mut self, other: &SchedCpu) -> Option<&'static Thread> {
        let (queue, entities) = self.parts();
        let thread = queue.take_real_time(&entities, |it| it.may_run_on(other.id()))?;
        self.publish();
        Some(thread)
    }

    /// Takes a waiting thread of at most `weight_max` off for `other`.
    pub(super) fn take_lighter(
        &mut self,
        other: &SchedCpu,
        weight_max: u64,
    ) -> Option<&'static Thread> {
        let (queue, entities) = self.parts();
        let thread =
            queue.take_lighter(&entities, |it| it.may_run_on(other.id()), weight_max, LOOKS)?;
        self.publish();
        Some(thread)
    }

    /// Takes the thread that has been here for longest off for `other`.
    pub(super) fn take_oldest(&mut self, other: &SchedCpu) -> Option<&'static Thread> {
        let (queue, entities) = self.parts();
        let thread = queue.take_oldest(&entities, |it| it.may_run_on(other.id()), LOOKS)?;
        self.publish();
        Some(thread)
    }

    /// Changes the policy of a thread of this queue. Returns whether it is on it.
    pub(super) fn set_policy(
        &mut self,
        thread: &'static Thread,
        policy: Policy,
        now_ns: u64,
    ) -> bool {
        thread.show_policy(policy);
        let (queue, entities) = self.parts();
        let entity = entities.entity(thread);
        if entity.state() == QueueState::Off {
            entity.set_policy(policy);
            return false;
        }
        queue.set_policy(&entities, thread, policy, now_ns);
        self.publish();
        true
    }

    /// Returns when the running thread should be preempted, as of the last [`Self::update`]; `None`
    /// if it keeps the CPU until its slice is over.
    #[inline(always)]
    pub(super) fn preempt_ns(&mut self) -> Option<u64> {
        let (queue, entities) = self.parts();
        queue.preempt_ns(&entities)
    }

    /// Returns when the running thread has to be looked at again.
    #[inline(always)]
    pub(super) fn slice_end_ns(&mut self) -> Option<u64> {
        let (queue, entities) = self.parts();
        queue.slice_end_ns(&entities)
    }

    /// Passes a thread of this queue, which isn't on it, on to the queue of `to`.
    #[inline]
    pub(super) fn hand_over(&mut self, thread: &'static Thread, to: &'static SchedCpu) {
        thread.set_last_cpu(to);
        thread.scheduling.hand_over(&mut self.guard, &to.run_queue);
    }

    /// Passes a thread of this queue that has ended on to the lock of free threads.
    pub(super) fn give_up(&mut self, thread: &'static Thread) {
        table::own_free(thread, &mut self.guard);
    }

    /// Publishes the length and the load of the queue for other CPUs.
    #[inline]
    fn publish(&self) {
        self.cpu.publish(&self.guard);
    }
}

impl Thread {
    /// Returns the CPU on whose run queue it is, or was last.
    #[inline]
    pub(super) fn last_cpu(&self) -> &'static SchedCpu {
        cpu::get(self.cpu())
    }

    /// Sets the CPU on whose run queue it is from now on. The run queue there owns
    /// its scheduling state then.
    #[inline]
    pub(super) fn set_last_cpu(&self, cpu: &SchedCpu) {
        self.cpu.store(cpu.id().number(), Ordering::Relaxed);
    }

    /// Returns whether a CPU runs it.
    pub fn is_running(&'static self) -> bool {
        let interrupts_off = InterruptsOff::new();
        let queue = LockedQueue::try_lock_of(self, &interrupts_off);
        queue.is_some_and(|mut queue| queue.state(self) == QueueState::Running)
    }

    /// Returns whether it runs by the policy of a thread that waits for it. Takes the lock of a run
    /// queue.
    pub fn has_inherited(&self) -> bool {
        let interrupts_off = InterruptsOff::new();
        let queue = LockedQueue::try_lock_of(self, &interrupts_off);
        queue.is_some_and(|mut queue| queue.loans(self).get() > 0)
    }

    /// Returns how long it ran up to now, in nanoseconds. Takes the lock of a run queue.
    pub fn run_time_ns(&'static self) -> u64 {
        let interrupts_off = InterruptsOff::new();
        let Some(mut queue) = LockedQueue::try_lock_of(self, &interrupts_off) else {
            return 0;
        };
        queue.update(clock::now_ns());
        queue.charged_ns(self)
    }
}
