//! The fair class: EEVDF.

use crate::node::{Node, Nodes};
use crate::policy::{NICE_0_SHIFT, units};
use crate::tree::Tree;
use crate::virtual_time::{Position, VirtualTime, is_after};

/// The fair threads of a processor. The running one is part of the virtual time, but
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

    /// Takes in a thread with its lag, and with a new request.
    pub(crate) fn join(&mut self, node: &Node<I>, lag: i64) {
        node.set_position(self.time.join(node.weight(), lag));
        node.request_slice();
    }

    /// Lets a thread out and returns its lag.
    #[inline]
    pub(crate) fn leave(&mut self, node: &Node<I>) -> i64 {
        self.time.leave(node.weight(), node.position())
    }

    /// Charges the running thread.
    #[inline]
    pub(crate) fn charge(&mut self, node: &Node<I>, time_ns: u64) {
        let service = time_ns << NICE_0_SHIFT;
        let weight = node.weight();
        let Position { vruntime, remainder } = node.position();
        let (units, remainder) = units(service as i64 + i64::from(remainder), weight);
        let position = Position { vruntime: vruntime.wrapping_add_signed(units), remainder };
        node.set_position(position);
        if self.time.load() != u64::from(weight) {
            self.time.advance(service);
            return;
        }
        self.time.follow(position);
        if Self::is_over(node) {
            // Nobody wants its turn. The deadline comes along, lest it be so long ago
            // that it seems to be ahead.
            node.tree.deadline.set(position.vruntime);
        }
    }

    /// Tells if the running thread has had what it requested.
    #[inline]
    pub(crate) fn is_over(node: &Node<I>) -> bool {
        !is_after(node.tree.deadline.get(), node.tree.vruntime.get())
    }

    /// Gives up what the running thread may still have of its request, as if it had
    /// run. One that is ahead already gives up nothing, nor does an only one.
    pub(crate) fn forfeit(&mut self, node: &Node<I>) {
        let left = node.request_left();
        let is_ahead = is_after(node.tree.vruntime.get(), self.time.floor());
        if left > 0 && !is_ahead && !self.tree.is_empty() {
            node.set_position(Position { vruntime: node.tree.deadline.get(), remainder: 0 });
            self.time.advance(left as u64);
        }
    }

    /// Returns the thread that waits, is eligible, and has the earliest deadline.
    #[inline]
    pub(crate) fn best(&self, nodes: &(impl Nodes<Id = I> + ?Sized)) -> Option<I> {
        self.tree.earliest_eligible(nodes, self.time.floor())
    }

    /// Tells if the running thread is to go on, rather than `waiting`, the best of those
    /// that wait: it is eligible and has the earlier deadline.
    #[inline]
    pub(crate) fn prefers(&self, running: &Node<I>, waiting: &Node<I>) -> bool {
        !is_after(running.tree.vruntime.get(), self.time.floor())
            && is_after(waiting.tree.deadline.get(), running.tree.deadline.get())
    }
}
