//! A CPU's run queue while it is locked, and with it what it owns of its threads.

use run_queue::{Node, Nodes, Policy, Previous, Start, State};

use super::processor::{self, Processor, Queue};
use super::table;
use core::sync::atomic::Ordering;

use super::thread::{State as ThreadState, Thread};
use crate::arch::time::clock;
use crate::sync::{IrqMutexGuard, Key};

/// How many waiting threads are looked at for one that may move to another CPU.
const LOOKS: u32 = 8;

/// The threads whose nodes a locked queue owns.
struct Owned<'a>(Key<'a>);

impl Nodes for Owned<'_> {
    type Id = &'static Thread;

    #[inline]
    fn node(&self, thread: &'static Thread) -> &Node<&'static Thread> {
        thread.node.open(self.0)
    }
}

/// A run queue that is locked. It owns the nodes of the threads that are on it, or were last.
pub(super) struct LockedQueue {
    cpu: &'static Processor,
    guard: IrqMutexGuard<'static, Queue>,
}

impl LockedQueue {
    /// Locks the queue of `cpu`.
    #[inline]
    pub(super) fn lock(cpu: &'static Processor) -> Self {
        Self { cpu, guard: cpu.run_queue.lock() }
    }

    /// Locks the queue that owns the node of `thread`; `None` if that is a free one.
    #[inline]
    pub(super) fn try_lock_of(thread: &Thread) -> Option<Self> {
        loop {
            let mut queue = Self::lock(thread.last_cpu());
            if thread.node.is_owned_by(queue.guard.parts().1) {
                return Some(queue);
            }
            // It has been moved meanwhile, or has ended.
            if thread.state() == ThreadState::Free {
                return None;
            }
        }
    }

    /// Locks the queue that owns the node of `thread`.
    ///
    /// # Panics
    /// If the thread is a free one.
    #[inline]
    pub(super) fn lock_of(thread: &Thread) -> Self {
        Self::try_lock_of(thread).expect("the thread isn't free")
    }

    #[inline]
    fn parts(&mut self) -> (&mut Queue, Owned<'_>) {
        let (queue, key) = self.guard.parts();
        (queue, Owned(key))
    }

    /// Returns the CPU.
    #[inline]
    pub(super) fn cpu(&self) -> &'static Processor {
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
    pub(super) fn state(&mut self, thread: &Thread) -> State {
        thread.node.open(self.guard.parts().1).state()
    }

    /// Returns the policy of a thread of this queue.
    pub(super) fn policy(&mut self, thread: &Thread) -> Policy {
        thread.node.open(self.guard.parts().1).policy()
    }

    /// Returns how long a thread of this queue ran, as of the last [`Self::update`].
    pub(super) fn run_time_ns(&mut self, thread: &Thread) -> u64 {
        thread.node.open(self.guard.parts().1).run_time_ns()
    }

    /// Charges the running thread up to now.
    #[inline]
    pub(super) fn update(&mut self, now_ns: u64) {
        let (queue, nodes) = self.parts();
        queue.update(&nodes, now_ns);
    }

    /// Puts a thread of this queue on it.
    #[inline]
    pub(super) fn enqueue(&mut self, thread: &'static Thread, start: Start, now_ns: u64) {
        let (queue, nodes) = self.parts();
        queue.enqueue(&nodes, thread, start, now_ns);
        self.publish();
    }

    /// Takes a waiting thread off, to move it.
    pub(super) fn dequeue(&mut self, thread: &'static Thread, now_ns: u64) {
        let (queue, nodes) = self.parts();
        queue.update(&nodes, now_ns);
        queue.dequeue(&nodes, thread);
        self.publish();
    }

    /// Picks the thread that runs from now on.
    #[inline]
    pub(super) fn pick(&mut self, now_ns: u64, previous: Previous) -> Option<&'static Thread> {
        let (queue, nodes) = self.parts();
        let next = queue.pick(&nodes, now_ns, previous);
        self.publish();
        next
    }

    /// Takes a waiting thread off for `other`, which is idle.
    pub(super) fn steal(&mut self, other: &Processor, now_ns: u64) -> Option<&'static Thread> {
        let (queue, nodes) = self.parts();
        queue.update(&nodes, now_ns);
        let thread = queue.steal(&nodes, |it| it.may_run_on(other.id()), LOOKS)?;
        self.publish();
        Some(thread)
    }

    /// Takes the waiting real-time thread that comes first off for `other`.
    pub(super) fn take_real_time(&mut self, other: &Processor) -> Option<&'static Thread> {
        let (queue, nodes) = self.parts();
        let thread = queue.take_real_time(&nodes, |it| it.may_run_on(other.id()))?;
        self.publish();
        Some(thread)
    }

    /// Takes a waiting thread of at most `weight_max` off for `other`.
    pub(super) fn take_lighter(
        &mut self,
        other: &Processor,
        weight_max: u64,
    ) -> Option<&'static Thread> {
        let (queue, nodes) = self.parts();
        let thread =
            queue.take_lighter(&nodes, |it| it.may_run_on(other.id()), weight_max, LOOKS)?;
        self.publish();
        Some(thread)
    }

    /// Takes the thread that has been here for longest off for `other`.
    pub(super) fn take_oldest(&mut self, other: &Processor) -> Option<&'static Thread> {
        let (queue, nodes) = self.parts();
        let thread = queue.take_oldest(&nodes, |it| it.may_run_on(other.id()), LOOKS)?;
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
        let (queue, nodes) = self.parts();
        let node = nodes.node(thread);
        if node.state() == State::Off {
            node.set_policy(policy);
            return false;
        }
        queue.set_policy(&nodes, thread, policy, now_ns);
        self.publish();
        true
    }

    /// Returns whether the running thread should give way, as of the last [`Self::update`].
    #[inline]
    pub(super) fn should_preempt(&mut self) -> bool {
        let (queue, nodes) = self.parts();
        queue.should_preempt(&nodes)
    }

    /// Returns when the running thread has to be looked at again.
    #[inline]
    pub(super) fn slice_end_ns(&mut self) -> Option<u64> {
        let (queue, nodes) = self.parts();
        queue.slice_end_ns(&nodes)
    }

    /// Passes a thread of this queue, which isn't on it, on to the queue of `to`.
    #[inline]
    pub(super) fn hand_over(&mut self, thread: &'static Thread, to: &'static Processor) {
        thread.set_last_cpu(to);
        thread.node.hand_over(&mut self.guard, &to.run_queue);
    }

    /// Passes a thread of this queue that has ended on to the lock of free threads.
    pub(super) fn give_up(&mut self, thread: &'static Thread) {
        table::own_free(thread, &mut self.guard);
    }

    /// Shows other CPUs what is on the queue.
    #[inline]
    fn publish(&self) {
        self.cpu.publish(&self.guard);
    }
}

impl Thread {
    /// Returns the CPU on whose run queue it is, or was last.
    #[inline]
    pub(super) fn last_cpu(&self) -> &'static Processor {
        processor::get(self.processor.load(Ordering::Relaxed))
    }

    /// Notes the CPU on whose run queue it is from now on. Its node goes there, too.
    #[inline]
    pub(super) fn set_last_cpu(&self, cpu: &Processor) {
        self.processor.store(cpu.number, Ordering::Relaxed);
    }

    /// Tells whether a processor runs it.
    pub fn is_running(&'static self) -> bool {
        let queue = LockedQueue::try_lock_of(self);
        queue.is_some_and(|mut queue| queue.state(self) == State::Running)
    }

    /// Returns how long it ran up to now, in nanoseconds. Takes the lock of a run queue.
    pub fn run_time_ns(&'static self) -> u64 {
        let Some(mut queue) = LockedQueue::try_lock_of(self) else {
            return 0;
        };
        queue.update(clock::now_ns());
        let before_ns = self.run_time_before_ns.load(Ordering::Relaxed);
        queue.run_time_ns(self).saturating_sub(before_ns)
    }
}
