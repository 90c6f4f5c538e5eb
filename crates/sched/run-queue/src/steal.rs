//! The threads that another CPU may take.

use crate::entity::Entities;
use crate::policy::Class;
use crate::queue::RunQueue;

impl<I: Copy + Eq> RunQueue<I> {
    /// Takes away a waiting thread, for another CPU that has nothing or less to
    /// do. Returns `None` if there is none that `may_take` allows among the first
    /// `limit`.
    ///
    /// Real-time threads come first, the highest priority at first: they should run at
    /// once. Then come the fair ones from the latest deadline on, as they wait longest
    /// here. As with [`Self::dequeue`], the thread keeps its lag, as of the last
    /// [`Self::update`].
    pub fn steal(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        may_take: impl Fn(I) -> bool,
        limit: u32,
    ) -> Option<I> {
        let mut candidate = self.real_time.first().or_else(|| self.fair.tree.last(entities));
        for _ in 0..limit {
            let id = candidate?;
            if may_take(id) {
                self.dequeue(entities, id);
                return Some(id);
            }
            candidate = match entities.entity(id).policy().class() {
                Class::RealTime(priority) => self
                    .real_time
                    .after(entities, id, priority)
                    .or_else(|| self.fair.tree.last(entities)),
                Class::Fair => self.fair.tree.before(entities, id),
            };
        }
        None
    }

    /// Takes away the fair thread that has been on this queue for longest, for a less loaded
    /// CPU. Returns `None` if `may_take` allows none of the first `limit` that wait, or if the
    /// running one has been here for longer and would be allowed: its turn to move comes
    /// when it waits. As with [`Self::dequeue`], the thread keeps its lag.
    pub fn take_oldest(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        may_take: impl Fn(I) -> bool,
        limit: u32,
    ) -> Option<I> {
        let mut oldest = None;
        let mut candidate = self.fair.tree.last(entities);
        for _ in 0..limit {
            let Some(id) = candidate else { break };
            let since_ns = entities.entity(id).since_ns();
            if may_take(id) && oldest.is_none_or(|(_, least_ns)| since_ns < least_ns) {
                oldest = Some((id, since_ns));
            }
            candidate = self.fair.tree.before(entities, id);
        }
        let (id, since_ns) = oldest?;
        let is_running_older = self.current().is_some_and(|running| {
            let entity = entities.entity(running);
            entity.weight() != 0 && entity.since_ns() < since_ns && may_take(running)
        });
        if is_running_older {
            return None;
        }
        self.dequeue(entities, id);
        Some(id)
    }

    /// Takes away a fair thread of at most `weight_max`, for a CPU with so much less load that
    /// this one still has no less afterwards. Otherwise as [`Self::steal`].
    pub fn take_lighter(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        may_take: impl Fn(I) -> bool,
        weight_max: u64,
        limit: u32,
    ) -> Option<I> {
        let mut candidate = self.fair.tree.last(entities);
        for _ in 0..limit {
            let id = candidate?;
            if u64::from(entities.entity(id).weight()) <= weight_max && may_take(id) {
                self.dequeue(entities, id);
                return Some(id);
            }
            candidate = self.fair.tree.before(entities, id);
        }
        None
    }

    /// Takes away the waiting real-time thread that comes first, if `may_take` allows it.
    pub fn take_real_time(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        may_take: impl Fn(I) -> bool,
    ) -> Option<I> {
        let id = self.real_time.first().filter(|id| may_take(*id))?;
        self.dequeue(entities, id);
        Some(id)
    }
}
