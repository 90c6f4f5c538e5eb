//! The waiting real-time threads: a list for each priority.

use core::sync::atomic::Ordering::Relaxed;

use crate::node::Nodes;
use crate::policy::RealTimePriority;
use crate::thread_id::NONE;

/// The first and the last of a list, [`NONE`] if it is empty.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first: u32,
    last: u32,
}

/// The waiting real-time threads. Each operation is O(1).
#[derive(Debug)]
pub(crate) struct Lists {
    /// One bit for each list that isn't empty, at its priority.
    occupied: u128,
    /// By priority; the one of 0 stays empty.
    ends: [Ends; RealTimePriority::MAX.get() as usize + 1],
}

impl Lists {
    pub(crate) const fn new() -> Self {
        let none = Ends { first: NONE, last: NONE };
        Self { occupied: 0, ends: [none; RealTimePriority::MAX.get() as usize + 1] }
    }

    /// Returns the highest priority that waits.
    #[inline]
    pub(crate) fn highest(&self) -> Option<RealTimePriority> {
        self.highest_within(u128::MAX)
    }

    #[inline]
    fn highest_within(&self, priorities: u128) -> Option<RealTimePriority> {
        let highest = (self.occupied & priorities).checked_ilog2()?;
        RealTimePriority::try_new(highest as u8)
    }

    /// Returns the thread that is first of all.
    #[inline]
    pub(crate) fn first(&self) -> Option<u32> {
        self.highest().map(|priority| self.ends[usize::from(priority.get())].first)
    }

    /// Returns the thread behind `id`, which waits at `priority`: of the same priority,
    /// or of the next lower one.
    pub(crate) fn behind(
        &self,
        nodes: &(impl Nodes + ?Sized),
        id: u32,
        priority: RealTimePriority,
    ) -> Option<u32> {
        let next = nodes.node(id).list.next.load(Relaxed);
        if next != NONE {
            return Some(next);
        }
        let lower = self.highest_within((1 << priority.get()) - 1)?;
        Some(self.ends[usize::from(lower.get())].first)
    }

    /// Puts a thread behind its equals.
    pub(crate) fn push_back(
        &mut self,
        nodes: &(impl Nodes + ?Sized),
        id: u32,
        priority: RealTimePriority,
    ) {
        let ends = &mut self.ends[usize::from(priority.get())];
        nodes.node(id).list.set(ends.last, NONE);
        if ends.last == NONE {
            ends.first = id;
        } else {
            nodes.node(ends.last).list.next.store(id, Relaxed);
        }
        ends.last = id;
        self.occupied |= 1 << priority.get();
    }

    /// Puts a thread before its equals.
    pub(crate) fn push_front(
        &mut self,
        nodes: &(impl Nodes + ?Sized),
        id: u32,
        priority: RealTimePriority,
    ) {
        let ends = &mut self.ends[usize::from(priority.get())];
        nodes.node(id).list.set(NONE, ends.first);
        if ends.first == NONE {
            ends.last = id;
        } else {
            nodes.node(ends.first).list.previous.store(id, Relaxed);
        }
        ends.first = id;
        self.occupied |= 1 << priority.get();
    }

    /// Takes out a thread, which waits at `priority`.
    pub(crate) fn remove(
        &mut self,
        nodes: &(impl Nodes + ?Sized),
        id: u32,
        priority: RealTimePriority,
    ) {
        let ends = &mut self.ends[usize::from(priority.get())];
        let link = &nodes.node(id).list;
        let (previous, next) = (link.previous.load(Relaxed), link.next.load(Relaxed));
        if previous == NONE {
            ends.first = next;
        } else {
            nodes.node(previous).list.next.store(next, Relaxed);
        }
        if next == NONE {
            ends.last = previous;
        } else {
            nodes.node(next).list.previous.store(previous, Relaxed);
        }
        if ends.first == NONE {
            self.occupied &= !(1 << priority.get());
        }
    }
}
