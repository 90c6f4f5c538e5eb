//! The files of a set that may be ready.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::fs::error::FsError;
use crate::fs::file::readiness::PollQueue;
use crate::sync::{IrqMutex, Rank, WaitQueue};

/// The number of an item in its set.
pub(super) type Slot = u32;

/// The state of an item in the queue.
pub(super) struct ItemState {
    pub(super) slot: Slot,
    /// Whether the item is in the queue. Changed with the queue's lock held.
    is_queued: AtomicBool,
}

impl ItemState {
    pub(super) const fn new(slot: Slot) -> Self {
        Self { slot, is_queued: AtomicBool::new(false) }
    }
}

/// The files of a set that may be ready, each once, in the order of their notifications, and the
/// threads that wait for them.
pub(super) struct Ready {
    /// Protects the queue, and the items' flags whether they are in it; held to add or to remove an
    /// item; taken by interrupt handlers. The queue has room for all items.
    queue: IrqMutex<VecDeque<Slot>>,
    /// The threads that wait for the set in epoll_wait(2).
    pub(super) waiters: WaitQueue,
    /// The observers of the set: polls, and other sets.
    pub(super) observers: PollQueue,
}

/// The position in the queue at which an item is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Front,
    Back,
}

impl Ready {
    pub(super) fn try_new() -> Result<Arc<Self>, FsError> {
        Ok(Arc::try_new(Self {
            queue: IrqMutex::new(Rank::ReadyFiles, VecDeque::new()),
            waiters: WaitQueue::new(),
            observers: PollQueue::of_set(),
        })?)
    }

    /// Makes room for `count` items in total.
    pub(super) fn reserve(&self, count: usize) -> Result<(), FsError> {
        if self.queue.lock().capacity() >= count {
            return Ok(());
        }
        let mut larger = VecDeque::new();
        larger.try_reserve(count.next_power_of_two())?;
        // The lock of the items is held, so that only this thread makes room. The old buffer is
        // freed without the lock.
        let mut queue = self.queue.lock();
        larger.append(&mut queue);
        core::mem::swap(&mut *queue, &mut larger);
        drop(queue);
        Ok(())
    }

    fn put(&self, item: &ItemState, end: End) {
        let mut queue = self.queue.lock();
        if !item.is_queued.swap(true, Ordering::Relaxed) {
            match end {
                End::Front => queue.push_front(item.slot),
                End::Back => queue.push_back(item.slot),
            }
        }
    }

    /// Adds an item that may be ready, and wakes a thread that waits for the set.
    pub(super) fn push(&self, item: &ItemState) {
        self.put(item, End::Back);
        self.waiters.wake_one();
    }

    /// Adds an item that is still ready; wakes no thread.
    pub(super) fn push_again(&self, item: &ItemState) {
        self.put(item, End::Back);
    }

    /// Adds the item that was the first one, and couldn't be reported; wakes no thread.
    pub(super) fn push_first(&self, item: &ItemState) {
        self.put(item, End::Front);
    }

    /// Removes the first item, which `find` returns for its slot.
    pub(super) fn pop<'a, T>(
        &self,
        find: impl FnOnce(Slot) -> Option<(&'a ItemState, T)>,
    ) -> Option<T> {
        let mut queue = self.queue.lock();
        let (place, item) = queue.pop_front().and_then(find)?;
        place.is_queued.store(false, Ordering::Relaxed);
        Some(item)
    }

    /// Removes an item that is removed from the set, so that it is never queued again.
    pub(super) fn forget(&self, item: &ItemState) {
        let mut queue = self.queue.lock();
        if item.is_queued.swap(true, Ordering::Relaxed) {
            queue.retain(|slot| *slot != item.slot);
        }
    }

    /// Returns the number of items that may be ready.
    pub(super) fn len(&self) -> usize {
        self.queue.lock().len()
    }

    /// Returns the item at `index`, counted from the first one.
    pub(super) fn at(&self, index: usize) -> Option<Slot> {
        self.queue.lock().get(index).copied()
    }
}
