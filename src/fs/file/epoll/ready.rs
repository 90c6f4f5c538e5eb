//! The files of a set that may be ready.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
    /// A copy of the queue's first slot in the low half, and of its length in the high half; stored
    /// after each change, with the lock held.
    summary: AtomicU64,
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
            summary: AtomicU64::new(0),
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

    /// Changes the queue.
    fn change<R>(&self, change: impl FnOnce(&mut VecDeque<Slot>) -> R) -> R {
        let mut queue = self.queue.lock();
        let result = change(&mut queue);
        let first = queue.front().copied().unwrap_or_default();
        self.summary.store(u64::from(first) | (queue.len() as u64) << 32, Ordering::Release);
        result
    }

    fn put(&self, item: &ItemState, end: End) {
        self.change(|queue| {
            if !item.is_queued.swap(true, Ordering::Relaxed) {
                match end {
                    End::Front => queue.push_front(item.slot),
                    End::Back => queue.push_back(item.slot),
                }
            }
        });
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

    /// Removes an item, if it is in the queue. It is usually the first or the last one.
    pub(super) fn remove(&self, item: &ItemState) {
        self.change(|queue| {
            let index = match queue.front() {
                Some(first) if *first == item.slot => Some(0),
                _ => queue.iter().rposition(|slot| *slot == item.slot),
            };
            if let Some(index) = index {
                queue.remove(index);
                item.is_queued.store(false, Ordering::Relaxed);
            }
        });
    }

    /// Moves an item from the front of the queue to its end.
    pub(super) fn rotate(&self, item: &ItemState) {
        self.change(|queue| {
            if queue.front() == Some(&item.slot) {
                queue.rotate_left(1);
            }
        });
    }

    /// Removes an item that is removed from the set, so that it is never queued again.
    pub(super) fn forget(&self, item: &ItemState) {
        self.change(|queue| {
            if item.is_queued.swap(true, Ordering::Relaxed) {
                queue.retain(|slot| *slot != item.slot);
            }
        });
    }

    /// Returns the number of items that may be ready.
    #[inline]
    pub(super) fn len(&self) -> usize {
        (self.summary.load(Ordering::Acquire) >> 32) as usize
    }

    /// Returns the first item.
    #[inline]
    pub(super) fn first(&self) -> Option<Slot> {
        let summary = self.summary.load(Ordering::Acquire);
        (summary >> 32 > 0).then_some(summary as Slot)
    }

    /// Returns the item at `index`, counted from the first one.
    pub(super) fn at(&self, index: usize) -> Option<Slot> {
        self.queue.lock().get(index).copied()
    }
}
