use std::sync::Arc;

use super::lot::{ModelLot, cancel, check, expire, is_parked, join, spawn, wait_until_parked};
use crate::atomic::AtomicU32;
use crate::atomic::Ordering::Relaxed;
use crate::{Mutex, QueueEnd, WaitError, WaitQueue};

/// A queue, and the items that its threads wait for.
struct Items {
    queue: WaitQueue<ModelLot>,
    count: AtomicU32,
}

impl Items {
    fn shared() -> Arc<Self> {
        Arc::new(Self { queue: WaitQueue::new(), count: AtomicU32::new(0) })
    }

    /// Takes an item if there is one.
    fn take(&self) -> bool {
        self.count.fetch_update(Relaxed, Relaxed, |count| count.checked_sub(1)).is_ok()
    }
}

#[test]
fn no_wake_up_is_lost_after_a_relaxed_change() {
    check(5, || {
        let items = Items::shared();
        let waker = items.clone();
        let waker = spawn(2, move || {
            waker.count.fetch_add(1, Relaxed);
            waker.queue.wake_one();
        });
        items.queue.wait_until(|| items.count.load(Relaxed) == 1);
        join([waker]);
    });
}

#[test]
fn all_that_wait_are_woken_together() {
    check(2, || {
        let items = Items::shared();
        let waiters = [2, 3].map(|number| {
            let items = items.clone();
            spawn(number, move || items.queue.wait_until(|| items.count.load(Relaxed) == 1))
        });
        items.count.fetch_add(1, Relaxed);
        items.queue.wake_all();
        join(waiters);
    });
}

#[test]
fn one_wake_up_for_each_item_suffices() {
    check(2, || {
        let items = Items::shared();
        let waiters = [2, 3].map(|number| {
            let items = items.clone();
            spawn(number, move || items.queue.wait_until(|| items.take()))
        });
        for _ in 0..2 {
            items.count.fetch_add(1, Relaxed);
            items.queue.wake_one();
        }
        join(waiters);
        assert_eq!(items.count.load(Relaxed), 0);
    });
}

#[test]
fn one_wake_up_wakes_only_the_first_waiter() {
    check(2, || {
        let items = Items::shared();
        let waiters = [2, 3].map(|number| {
            let items = items.clone();
            let waiter = spawn(number, move || items.queue.wait_until(|| items.take()));
            wait_until_parked(number, QueueEnd::Back);
            waiter
        });
        items.queue.wake_one();
        assert!(is_parked(3));
        // There was nothing to take.
        wait_until_parked(2, QueueEnd::Back);
        for _ in 0..2 {
            items.count.fetch_add(1, Relaxed);
            items.queue.wake_one();
        }
        join(waiters);
    });
}

#[test]
fn a_thread_that_gives_up_consumes_no_wake_up() {
    check(3, || {
        let items = Items::shared();
        let [timed, other] = [items.clone(), items.clone()];
        let timed = spawn(2, move || {
            // It takes the item and puts it back, or leaves it to the other thread.
            match timed.queue.wait_until_deadline(1, || timed.take()) {
                Ok(()) => {
                    timed.count.fetch_add(1, Relaxed);
                    timed.queue.wake_one();
                }
                Err(error) => assert_eq!(error, WaitError::TimedOut),
            }
        });
        wait_until_parked(2, QueueEnd::Back);
        let other = spawn(3, move || other.queue.wait_until(|| other.take()));
        items.count.fetch_add(1, Relaxed);
        items.queue.wake_one();
        expire(2);
        join([timed, other]);
    });
}

#[test]
fn a_condition_that_is_true_at_the_deadline_counts() {
    check(2, || {
        let items = Items::shared();
        let waiter = items.clone();
        let waiter = spawn(2, move || {
            assert_eq!(waiter.queue.wait_until_deadline(1, || waiter.take()), Ok(()));
        });
        wait_until_parked(2, QueueEnd::Back);
        items.count.fetch_add(1, Relaxed);
        // There is no wake-up at all.
        expire(2);
        join([waiter]);
    });
}

#[test]
fn a_cancellation_ends_the_wait() {
    check(3, || {
        let items = Items::shared();
        let waiter = items.clone();
        let waiter = spawn(2, move || {
            let result = waiter.queue.wait_until_cancellable(None, || waiter.take());
            assert_eq!(result, Err(WaitError::Cancelled));
            let result = waiter.queue.wait_until_cancellable(None, || true);
            assert_eq!(result, Ok(()));
        });
        cancel(2);
        join([waiter]);
    });
}

#[test]
fn no_wake_up_is_lost_after_a_change_under_a_lock() {
    check(5, || {
        let shared = Arc::new((Mutex::<ModelLot, u32>::new(0), WaitQueue::<ModelLot>::new()));
        let waker = shared.clone();
        let waker = spawn(2, move || {
            let (count, queue) = &*waker;
            *count.lock() = 1;
            queue.wake_prepared();
        });
        let (count, queue) = &*shared;
        loop {
            let guard = count.lock();
            if *guard == 1 {
                break;
            }
            let prepared = queue.prepare();
            drop(guard);
            assert_eq!(queue.wait_prepared(prepared), Ok(()));
        }
        join([waker]);
    });
}

#[test]
fn a_cancellation_ends_a_prepared_wait() {
    check(3, || {
        let queue = Arc::new(WaitQueue::<ModelLot>::new());
        let waiter = queue.clone();
        let waiter = spawn(2, move || {
            let prepared = waiter.prepare();
            assert_eq!(waiter.wait_prepared(prepared), Err(WaitError::Cancelled));
        });
        cancel(2);
        join([waiter]);
    });
}
