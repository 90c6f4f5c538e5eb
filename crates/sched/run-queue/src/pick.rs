//! Which thread runs next, and for how long.

use crate::entity::{Entities, QueueState, SchedEntity};
use crate::fair::Fair;
use crate::policy::{Class, Policy, REAL_TIME_SLICE_NS, RealTimePriority, Slice};
use crate::queue::RunQueue;
use crate::virtual_time::is_after;

/// The state of the thread that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Previous {
    /// It could continue.
    Runnable,
    /// It could continue, but yields to the others.
    Yielding,
    /// It leaves the queue.
    Blocked,
}

impl<I: Copy + Eq> RunQueue<I> {
    /// Chooses the thread that runs from now on; `None` if there is none, then the
    /// CPU is idle. `previous` is what became of the one that ran, if one did.
    ///
    /// A real-time thread goes before all others; after those of its priority if it
    /// yields or if its slice is over, else before them. Of the fair ones, and the one
    /// that ran is among them, the eligible one with the earliest deadline is chosen.
    ///
    /// A fair thread that yields gives up the rest of its request, and runs on only if
    /// no other is eligible; it gives up the rest then, too.
    #[inline(always)]
    pub fn pick(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        now_ns: u64,
        previous: Previous,
    ) -> Option<I> {
        let Some(id) = self.current else {
            self.clock_ns = self.clock_ns.max(now_ns);
            return self.start_best(entities);
        };
        let entity = entities.entity(id);
        self.charge(entity, now_ns);
        if previous == Previous::Blocked {
            self.block(entity, now_ns);
            return self.start_best(entities);
        }
        let next = match entity.policy().class() {
            Class::RealTime(priority) => self.replace_real_time(entities, id, priority, previous),
            Class::Fair => self.replace_fair(entities, id, entity, previous),
        };
        let Some(next) = next else {
            return Some(id);
        };
        entity.set_state(QueueState::Waiting);
        self.start(entities.entity(next), next);
        Some(next)
    }

    /// Takes the thread that ran off the queue.
    #[inline]
    fn block(&mut self, entity: &SchedEntity<I>, now_ns: u64) {
        if entity.weight() == 0 {
            self.real_time_len -= 1;
        } else {
            let load = self.fair.time.load();
            entity.block(self.fair.leave(entity), now_ns, load);
        }
        entity.set_state(QueueState::Off);
        self.len -= 1;
        self.current = None;
    }

    /// Returns the best of those that wait.
    #[inline]
    fn best(&self, entities: &(impl Entities<Id = I> + ?Sized)) -> Option<I> {
        self.real_time.first().or_else(|| self.fair.best(entities))
    }

    /// Starts the best of those that wait, as none runs; returns it.
    #[inline(always)]
    fn start_best(&mut self, entities: &(impl Entities<Id = I> + ?Sized)) -> Option<I> {
        let next = self.best(entities)?;
        let entity = entities.entity(next);
        self.stop_waiting(entities, next, entity);
        self.start(entity, next);
        Some(next)
    }

    #[inline]
    fn start(&mut self, entity: &SchedEntity<I>, id: I) {
        entity.set_state(QueueState::Running);
        self.started_ns = self.clock_ns;
        self.current = Some(id);
    }

    /// Puts the best in place of the running real-time thread, which waits then; returns
    /// it. `None` if the running one goes on.
    fn replace_real_time(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        priority: RealTimePriority,
        previous: Previous,
    ) -> Option<I> {
        let entity = entities.entity(id);
        let turn_ends = previous == Previous::Yielding || entity.slice_left_ns() == 0;
        if turn_ends {
            entity.set_slice_left_ns(REAL_TIME_SLICE_NS);
        }
        if !self.gives_way(priority, turn_ends) {
            return None;
        }
        let next = self.real_time.first()?;
        self.stop_waiting(entities, next, entities.entity(next));
        if turn_ends {
            self.real_time.push_back(entities, id, priority);
        } else {
            self.real_time.push_front(entities, id, priority);
        }
        Some(next)
    }

    /// Puts the best in place of the running fair thread, which waits then; returns it.
    /// `None` if the running one continues.
    #[inline(always)]
    fn replace_fair(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        entity: &SchedEntity<I>,
        previous: Previous,
    ) -> Option<I> {
        if previous == Previous::Yielding {
            self.fair.forfeit(entity);
        }
        if Fair::<I>::is_over(entity) {
            entity.request_slice();
        }
        // If no other is eligible, the running one is.
        let next = self.best(entities)?;
        let best = entities.entity(next);
        if previous == Previous::Runnable && best.weight() != 0 && self.fair.prefers(entity, best) {
            return None;
        }
        self.stop_waiting(entities, next, best);
        self.fair.tree.insert(entities, id, &entity.tree);
        Some(next)
    }

    /// Returns whether a real-time thread waits that goes before a running one of `priority`.
    #[inline]
    fn gives_way(&self, priority: RealTimePriority, turn_ends: bool) -> bool {
        self.real_time
            .highest()
            .is_some_and(|highest| highest > priority || turn_ends && highest == priority)
    }

    /// Returns whether the running thread should give way now, as of the last [`Self::update`]:
    /// whether its slice is over and others wait, or [`Self::preempt_ns`] is reached. An idle CPU
    /// should if any thread waits.
    pub fn should_preempt(&self, entities: &(impl Entities<Id = I> + ?Sized)) -> bool {
        self.preempt_ns(entities).is_some_and(|at_ns| at_ns <= self.clock_ns)
    }

    /// Returns when the running thread should give way to one that waits already, as of the last
    /// [`Self::update`]; `None` if it keeps the CPU until its slice is over.
    ///
    /// A real-time thread that goes before the running thread preempts it at once. A fair thread
    /// keeps the CPU for its slice, even if it is ahead of its share by then, unless one with an
    /// earlier deadline is eligible. Even then it runs for [`Slice::MIN`]: threads that wake each
    /// other in turns would otherwise be switched more often than they wait. One of
    /// [`Policy::Batch`] or [`Policy::Idle`] waits for the end of the slice.
    #[inline(always)]
    pub fn preempt_ns(&self, entities: &(impl Entities<Id = I> + ?Sized)) -> Option<u64> {
        let Some(current) = self.current else {
            return (!self.is_empty()).then_some(self.clock_ns);
        };
        let entity = entities.entity(current);
        if entity.weight() == 0 || !self.real_time.is_empty() {
            return self.should_give_way(entity).then_some(self.clock_ns);
        }
        if self.fair.tree.is_empty() {
            return None;
        }
        if Fair::<I>::is_over(entity) {
            return Some(self.clock_ns);
        }
        let best = entities.entity(self.fair.best(entities)?);
        if !is_after(entity.tree.deadline.get(), best.tree.deadline.get()) {
            return None;
        }
        let waits = match best.policy() {
            Policy::Idle => true,
            Policy::Batch(_) => entity.policy() != Policy::Idle,
            _ => false,
        };
        let protected_ns = u64::from(Slice::MIN.length_ns());
        (!waits).then(|| self.started_ns.saturating_add(protected_ns))
    }

    /// Returns whether the running thread, whose `entity` this is, should give way at once, where
    /// real-time threads run or wait.
    #[cold]
    fn should_give_way(&self, entity: &SchedEntity<I>) -> bool {
        match entity.policy().class() {
            Class::RealTime(priority) => self.gives_way(priority, entity.slice_left_ns() == 0),
            Class::Fair => !self.real_time.is_empty(),
        }
    }

    /// Returns when the running thread has to be looked at again, if nothing happens
    /// until then: at the end of its slice, and if it is long, every [`Slice::BASE`].
    /// `None` if it runs on, because no thread waits that would have a turn.
    #[inline(always)]
    pub fn slice_end_ns(&self, entities: &(impl Entities<Id = I> + ?Sized)) -> Option<u64> {
        let entity = entities.entity(self.current()?);
        let left_ns = if entity.weight() == 0 || !self.real_time.is_empty() {
            self.real_time_left_ns(entity)?
        } else if self.fair.tree.is_empty() {
            return None;
        } else {
            entity.request_left_ns().min(u64::from(Slice::BASE.length_ns()))
        };
        Some(self.clock_ns.wrapping_add(left_ns))
    }

    /// Returns how long the running thread, whose `entity` this is, keeps the CPU at most, where
    /// real-time threads run or wait; `None` if no waiting thread has a turn.
    #[cold]
    fn real_time_left_ns(&self, entity: &SchedEntity<I>) -> Option<u64> {
        let Class::RealTime(priority) = entity.policy().class() else {
            return Some(0);
        };
        match self.real_time.highest()? {
            highest if highest < priority => None,
            highest if highest == priority => match (entity.policy(), entity.slice_left_ns()) {
                (Policy::Fifo(_), 1..) => None,
                (_, left_ns) => Some(u64::from(left_ns)),
            },
            _ => Some(0),
        }
    }
}
