//! Who runs next, and for how long.

use crate::entity::{Entities, QueueState, SchedEntity};
use crate::fair::Fair;
use crate::policy::{NICE_0_WEIGHT, Policy, REAL_TIME_SLICE_NS, RealTimePriority, Slice};
use crate::queue::RunQueue;
use crate::virtual_time::is_after;

/// What becomes of the thread that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Previous {
    /// It wants to go on.
    Runnable,
    /// It wants to go on, but lets others go first.
    Yielding,
    /// It leaves the queue.
    Blocked,
}

impl<I: Copy + Eq> RunQueue<I> {
    /// Chooses the thread that runs from now on; `None` if there is none, then the
    /// CPU is idle. `previous` tells of the one that ran, if one did.
    ///
    /// A real-time thread goes before all others; behind those of its priority if it
    /// yields or if its slice is over, else before them. Of the fair ones, and the one
    /// that ran is among them, the eligible one with the earliest deadline is chosen.
    ///
    /// A fair thread that yields gives up the rest of its request, and runs on only if
    /// no other is eligible; then, too, it is behind by that much.
    pub fn pick(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        now_ns: u64,
        previous: Previous,
    ) -> Option<I> {
        self.update(entities, now_ns);
        let Some(id) = self.current() else {
            return self.start_best(entities);
        };
        let entity = entities.entity(id);
        if previous == Previous::Blocked {
            self.block(entity, now_ns);
            return self.start_best(entities);
        }
        let next = match entity.policy() {
            Policy::RealTime(priority) => self.replace_real_time(entities, id, priority, previous),
            Policy::Fair(_) => self.replace_fair(entities, id, previous),
        };
        if let Some(next) = next {
            entity.set_state(QueueState::Waiting);
            self.start(entities, next);
        }
        self.current()
    }

    /// Takes the thread that ran off the queue.
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
    fn start_best(&mut self, entities: &(impl Entities<Id = I> + ?Sized)) -> Option<I> {
        let next = self.best(entities)?;
        self.stop_waiting(entities, next, entities.entity(next));
        self.start(entities, next);
        Some(next)
    }

    fn start(&mut self, entities: &(impl Entities<Id = I> + ?Sized), id: I) {
        entities.entity(id).set_state(QueueState::Running);
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
    /// `None` if the running one goes on.
    fn replace_fair(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        previous: Previous,
    ) -> Option<I> {
        let entity = entities.entity(id);
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
        self.fair.tree.insert(entities, id);
        Some(next)
    }

    /// Tells if a real-time thread waits that goes before a running one of `priority`.
    #[inline]
    fn gives_way(&self, priority: RealTimePriority, turn_ends: bool) -> bool {
        self.real_time
            .highest()
            .is_some_and(|highest| highest > priority || turn_ends && highest == priority)
    }

    /// Tells if the running thread should give way now, as of the last
    /// [`Self::update`]: if a better one waits, or if its slice is over and others wait.
    /// An idle CPU should if anyone waits.
    ///
    /// A fair thread keeps the CPU for its slice, even if it is ahead of its share
    /// by then, unless one with an earlier deadline is eligible.
    pub fn should_preempt(&self, entities: &(impl Entities<Id = I> + ?Sized)) -> bool {
        let Some(current) = self.current else {
            return !self.is_empty();
        };
        let entity = entities.entity(current);
        match entity.policy() {
            Policy::RealTime(priority) => self.gives_way(priority, entity.slice_left_ns() == 0),
            Policy::Fair(_) => {
                if self.real_time.highest().is_some() {
                    return true;
                }
                if self.fair.tree.is_empty() {
                    return false;
                }
                Fair::<I>::is_over(entity)
                    || self.fair.best(entities).is_some_and(|best| {
                        is_after(
                            entity.tree.deadline.get(),
                            entities.entity(best).tree.deadline.get(),
                        )
                    })
            }
        }
    }

    /// Returns when the running thread has to be looked at again, if nothing happens
    /// until then: at the end of its slice, and if it is long, every [`Slice::BASE`].
    /// `None` if it is to run on, as nobody waits who would have a turn.
    pub fn slice_end_ns(&self, entities: &(impl Entities<Id = I> + ?Sized)) -> Option<u64> {
        let entity = entities.entity(self.current()?);
        let left_ns = match entity.policy() {
            Policy::RealTime(priority) => match self.real_time.highest()? {
                highest if highest < priority => return None,
                highest if highest == priority => u64::from(entity.slice_left_ns()),
                _ => 0,
            },
            Policy::Fair(_) if self.real_time.highest().is_some() => 0,
            Policy::Fair(_) if self.fair.tree.is_empty() => return None,
            Policy::Fair(_) => {
                let service = entity.request_left().max(0) as u64;
                let left_ns = service.div_ceil(u64::from(NICE_0_WEIGHT));
                left_ns.min(u64::from(Slice::BASE.length_ns()))
            }
        };
        Some(self.clock_ns.saturating_add(left_ns))
    }
}
