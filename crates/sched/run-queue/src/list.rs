//! The waiting real-time threads: a list for each priority.

use crate::entity::Entities;
use crate::policy::RealTimePriority;

/// The first and the last of a list.
#[derive(Clone, Copy, Debug)]
struct Ends<I> {
    first: Option<I>,
    last: Option<I>,
}

/// The waiting real-time threads. Each operation is O(1).
#[derive(Debug)]
pub(crate) struct Lists<I> {
    /// One bit for each list that isn't empty, at its priority.
    occupied: u128,
    /// By priority; the one of 0 stays empty.
    ends: [Ends<I>; RealTimePriority::MAX.get() as usize + 1],
}

impl<I: Copy> Lists<I> {
    pub(crate) const fn new() -> Self {
        let none = Ends { first: None, last: None };
        Self { occupied: 0, ends: [none; RealTimePriority::MAX.get() as usize + 1] }
    }

    /// Returns whether no real-time thread waits.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.occupied == 0
    }

    /// Returns the highest priority that waits.
    #[inline]
    pub(crate) fn highest(&self) -> Option<RealTimePriority> {
        // Mostly there is none.
        if self.is_empty() { None } else { self.highest_within(u128::MAX) }
    }

    #[inline]
    fn highest_within(&self, priorities: u128) -> Option<RealTimePriority> {
        let highest = (self.occupied & priorities).checked_ilog2()?;
        RealTimePriority::try_new(highest as u8)
    }

    /// Returns the thread that is first of all.
    #[inline]
    pub(crate) fn first(&self) -> Option<I> {
        self.highest().and_then(|priority| self.ends[usize::from(priority.get())].first)
    }

    /// Returns the thread after `id`, which waits at `priority`: of the same priority, or of
    /// the next lower one.
    pub(crate) fn after(
        &self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        priority: RealTimePriority,
    ) -> Option<I> {
        let lower = || {
            let lower = self.highest_within((1 << priority.get()) - 1)?;
            self.ends[usize::from(lower.get())].first
        };
        entities.entity(id).list.next.get().or_else(lower)
    }

    /// Puts a thread after its equals.
    pub(crate) fn push_back(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        priority: RealTimePriority,
    ) {
        let ends = &mut self.ends[usize::from(priority.get())];
        let link = &entities.entity(id).list;
        link.previous.set(ends.last);
        link.next.set(None);
        match ends.last {
            Some(last) => entities.entity(last).list.next.set(Some(id)),
            None => ends.first = Some(id),
        }
        ends.last = Some(id);
        self.occupied |= 1 << priority.get();
    }

    /// Puts a thread before its equals.
    pub(crate) fn push_front(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        priority: RealTimePriority,
    ) {
        let ends = &mut self.ends[usize::from(priority.get())];
        let link = &entities.entity(id).list;
        link.previous.set(None);
        link.next.set(ends.first);
        match ends.first {
            Some(first) => entities.entity(first).list.previous.set(Some(id)),
            None => ends.last = Some(id),
        }
        ends.first = Some(id);
        self.occupied |= 1 << priority.get();
    }

    /// Takes out a thread, which waits at `priority`.
    pub(crate) fn remove(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        priority: RealTimePriority,
    ) {
        let ends = &mut self.ends[usize::from(priority.get())];
        let link = &entities.entity(id).list;
        let (previous, next) = (link.previous.get(), link.next.get());
        match previous {
            Some(previous) => entities.entity(previous).list.next.set(next),
            None => ends.first = next,
        }
        match next {
            Some(next) => entities.entity(next).list.previous.set(previous),
            None => ends.last = previous,
        }
        if ends.first.is_none() {
            self.occupied &= !(1 << priority.get());
        }
    }
}
