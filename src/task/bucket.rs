//! The threads that wait for the words of a bucket.

use blocking::QueueEnd;

use super::inheritance;
use super::parked::Waiter;
use super::thread::Thread;
use crate::sync::Key;

/// Threads that wait, in the order of their arrival, but those that started at the front first. The
/// lock around the bucket owns the [`Waiter`] of each of them; the functions take its key.
pub(super) struct Bucket {
    first: Option<&'static Thread>,
    last: Option<&'static Thread>,
    /// How many of them are real-time. If none is, they are woken in the order of the list.
    urgent: u32,
}

/// Returns the waiter of a thread in the bucket.
#[inline]
pub(super) fn waiter<'a>(thread: &'static Thread, key: Key<'a>) -> &'a Waiter<&'static Thread> {
    thread.parked.waiter.open(key)
}

impl Bucket {
    pub(super) const fn new() -> Self {
        Self { first: None, last: None, urgent: 0 }
    }

    fn waiting<'a>(&self, key: Key<'a>) -> impl Iterator<Item = &'static Thread> + use<'a> {
        let mut next = self.first;
        core::iter::from_fn(move || {
            let thread = next?;
            next = waiter(thread, key).next.get();
            Some(thread)
        })
    }

    /// Returns the thread that is woken first for the word at `address`: the one of the highest
    /// real-time priority, then the one that started at the front, then the one that came first.
    #[inline]
    pub(super) fn first_for(&self, address: u64, key: Key<'_>) -> Option<&'static Thread> {
        let first = self.first?;
        if self.urgent == 0 && first.parked.waits_for(address) {
            return Some(first);
        }
        self.search(address, key)
    }

    fn search(&self, address: u64, key: Key<'_>) -> Option<&'static Thread> {
        let priority = |thread| waiter(thread, key).priority.get();
        let mut waiting = self.waiting(key).filter(|it| it.parked.waits_for(address));
        let first = waiting.next()?;
        if self.urgent == 0 {
            return Some(first);
        }
        Some(waiting.fold(first, |best, it| if priority(it) > priority(best) { it } else { best }))
    }

    /// Adds a thread, whose waiter the lock owns.
    #[inline]
    pub(super) fn insert(&mut self, thread: &'static Thread, key: Key<'_>) {
        let own = waiter(thread, key);
        let previous = match own.queue_end.get() {
            QueueEnd::Back => self.last,
            // Threads that started at the front are a sequence at the start of the list.
            QueueEnd::Front => self
                .waiting(key)
                .take_while(|it| waiter(it, key).queue_end.get() == QueueEnd::Front)
                .last(),
        };
        let next = match previous {
            Some(previous) => waiter(previous, key).next.replace(Some(thread)),
            None => self.first.replace(thread),
        };
        match next {
            Some(next) => waiter(next, key).previous.set(Some(thread)),
            None => self.last = Some(thread),
        }
        own.previous.set(previous);
        own.next.set(next);
        self.urgent += u32::from(own.priority.get() > 0);
    }

    /// Returns whether no thread waits.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Removes the thread whose waiter this is, which waits in the bucket.
    #[inline]
    pub(super) fn remove(&mut self, own: &Waiter<&'static Thread>, key: Key<'_>) {
        let (previous, next) = (own.previous.get(), own.next.get());
        match previous {
            Some(previous) => waiter(previous, key).next.set(next),
            None => self.first = next,
        }
        match next {
            Some(next) => waiter(next, key).previous.set(previous),
            None => self.last = previous,
        }
        self.urgent -= u32::from(own.priority.get() > 0);
    }

    /// Records that `owner` holds the mutex whose word is at `address`, for all threads that wait
    /// for that word.
    pub(super) fn set_owner(&self, address: u64, owner: Option<&'static Thread>, key: Key<'_>) {
        for thread in self.waiting(key).filter(|it| it.parked.waits_for(address)) {
            let waiter = waiter(thread, key);
            inheritance::end_loan(waiter);
            waiter.owner.set(owner);
            inheritance::lend(thread, waiter);
        }
    }
}
