//! The fair class: EEVDF.

use crate::entity::{Entities, SchedEntity};
use crate::policy::{NICE_0_SHIFT, units};
use crate::tree::Tree;
use crate::virtual_time::{Position, VirtualTime, is_after};

/// The fair threads of a CPU. The running one is part of the virtual time, but
/// not in the tree.
#[derive(Debug)]
pub(crate) struct Fair<I> {
    pub(crate) time: VirtualTime,
    pub(crate) tree: Tree<I>,
}

impl<I: Copy + Eq> Fair<I> {
    pub(crate) const fn new() -> Self {
        Self { time: VirtualTime::new(0), tree: Tree::new() }
    }

    /// Adds a thread with its lag, and with a new request.
    #[inline(always)]
    pub(crate) fn join(&mut self, entity: &SchedEntity<I>, lag: i64) {
        entity.set_position(self.time.join(entity.weight(), lag));
        entity.request_slice();
    }

    /// Removes a thread and returns its lag.
    #[inline]
    pub(crate) fn leave(&mut self, entity: &SchedEntity<I>) -> i64 {
        self.time.leave(entity.weight(), entity.position())
    }

    /// Charges the running thread.
    #[inline(always)]
    pub(crate) fn charge(&mut self, entity: &SchedEntity<I>, time_ns: u64) {
        let service = time_ns << NICE_0_SHIFT;
        let weight = entity.weight();
        let Position { vruntime, remainder } = entity.position();
        let (units, remainder) = units(service as i64 + i64::from(remainder), weight);
        let position = Position { vruntime: vruntime.wrapping_add_signed(units), remainder };
        entity.set_position(position);
        if self.time.load() != u64::from(weight) {
            self.time.advance(service);
            return;
        }
        self.time.follow(position);
        if Self::is_over(entity) {
            // No other thread waits for its turn. The deadline moves with it: one that is too
            // long ago would look like a later one.
            entity.tree.deadline.set(position.vruntime);
        }
    }

    /// Returns whether the running thread has got the service that it requested.
    #[inline]
    pub(crate) fn is_over(entity: &SchedEntity<I>) -> bool {
        !is_after(entity.tree.deadline.get(), entity.tree.vruntime.get())
    }

    /// Gives up what the running thread may still have of its request, as if it had
    /// run. One that is ahead already gives up nothing, nor does an only one.
    #[inline]
    pub(crate) fn forfeit(&mut self, entity: &SchedEntity<I>) {
        let left = entity.request_left();
        let is_ahead = is_after(entity.tree.vruntime.get(), self.time.floor());
        if left > 0 && !is_ahead && !self.tree.is_empty() {
            entity.set_position(Position { vruntime: entity.tree.deadline.get(), remainder: 0 });
            self.time.advance(left as u64);
        }
    }

    /// Returns the thread that waits, is eligible, and has the earliest deadline.
    #[inline]
    pub(crate) fn best(&self, entities: &(impl Entities<Id = I> + ?Sized)) -> Option<I> {
        self.tree.earliest_eligible(entities, self.time.floor())
    }

    /// Returns whether the running thread continues, instead of `waiting`, the best of those
    /// that wait: it is eligible and has the earlier deadline.
    #[inline]
    pub(crate) fn prefers(&self, running: &SchedEntity<I>, waiting: &SchedEntity<I>) -> bool {
        !is_after(running.tree.vruntime.get(), self.time.floor())
            && is_after(waiting.tree.deadline.get(), running.tree.deadline.get())
    }
}
