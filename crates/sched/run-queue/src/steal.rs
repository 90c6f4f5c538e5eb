//! What another processor may take away.

use crate::node::Nodes;
use crate::policy::Policy;
use crate::queue::RunQueue;

impl RunQueue {
    /// Takes away a waiting thread, for another processor that has nothing or less to
    /// do. Returns `None` if there is none that `may_take` allows among the first
    /// `limit`.
    ///
    /// Real-time threads come first, the highest priority at first: they should run at
    /// once. Then come the fair ones from the latest deadline on, as they wait longest
    /// here. As with [`Self::dequeue`], the thread keeps its lag, as of the last
    /// [`Self::update`].
    pub fn steal(
        &mut self,
        nodes: &(impl Nodes + ?Sized),
        may_take: impl Fn(u32) -> bool,
        limit: u32,
    ) -> Option<u32> {
        let mut candidate = self.real_time.first().or_else(|| self.fair.tree.last(nodes));
        for _ in 0..limit {
            let id = candidate?;
            if may_take(id) {
                self.dequeue(nodes, id);
                return Some(id);
            }
            candidate = match nodes.node(id).policy() {
                Policy::RealTime(priority) => self
                    .real_time
                    .behind(nodes, id, priority)
                    .or_else(|| self.fair.tree.last(nodes)),
                Policy::Fair(_) => self.fair.tree.before(nodes, id),
            };
        }
        None
    }
}
