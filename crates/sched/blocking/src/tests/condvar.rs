use std::sync::Arc;

use super::lot::{ModelLot, cancel, check, expire, is_parked, join, spawn, wait_until_parked};
use crate::{Condvar, Mutex, QueueEnd, WaitError};

/// A number of items, and where threads wait for them.
struct Items {
    count: Mutex<ModelLot, u32>,
    added: Condvar<ModelLot>,
}

impl Items {
    fn shared() -> Arc<Self> {
        Arc::new(Self { count: Mutex::new(0), added: Condvar::new() })
    }

    /// Waits for an item and takes it.
    fn take(&self) {
        *self.added.wait_while(self.count.lock(), |count| *count == 0) -= 1;
    }

    fn add(&self) {
        *self.count.lock() += 1;
        self.added.notify_one();
    }
}

#[test]
fn a_notification_between_unlock_and_sleep_isn_t_lost() {
    check(5, || {
        let items = Items::shared();
        let other = items.clone();
        let other = spawn(2, move || other.add());
        items.take();
        join([other]);
    });
}

#[test]
fn a_notification_under_the_mutex_isn_t_lost() {
    check(5, || {
        let items = Items::shared();
        let other = items.clone();
        let other = spawn(2, move || {
            let mut count = other.count.lock();
            *count += 1;
            other.added.notify_one();
        });
        let mut count = items.count.lock();
        while *count == 0 {
            count = items.added.wait(count);
        }
        drop(count);
        join([other]);
    });
}

#[test]
fn one_notification_for_each_item_suffices() {
    check(2, || {
        let items = Items::shared();
        let takers = [2, 3].map(|number| {
            let items = items.clone();
            spawn(number, move || items.take())
        });
        items.add();
        items.add();
        join(takers);
        assert_eq!(*items.count.lock(), 0);
    });
}

#[test]
fn one_notification_wakes_only_the_first_waiter() {
    check(2, || {
        let items = Items::shared();
        let takers = [2, 3].map(|number| {
            let items = items.clone();
            let taker = spawn(number, move || items.take());
            wait_until_parked(number, QueueEnd::Back);
            taker
        });
        items.added.notify_one();
        assert!(is_parked(3));
        // There was nothing to take.
        wait_until_parked(2, QueueEnd::Back);
        items.add();
        items.add();
        join(takers);
    });
}

#[test]
fn all_are_woken_together() {
    check(2, || {
        let items = Items::shared();
        let waiters = [2, 3].map(|number| {
            let items = items.clone();
            spawn(number, move || {
                drop(items.added.wait_while(items.count.lock(), |count| *count == 0));
            })
        });
        *items.count.lock() += 1;
        items.added.notify_all();
        join(waiters);
    });
}

#[test]
fn a_thread_that_gives_up_consumes_no_notification() {
    check(2, || {
        let items = Items::shared();
        let [timed, other] = [items.clone(), items.clone()];
        let timed = spawn(2, move || {
            let (count, result) =
                timed.added.wait_while_until(timed.count.lock(), 1, |count| *count == 0);
            assert_eq!(result.is_ok(), *count != 0);
            drop(count);
            match result {
                // It leaves the item to the other thread, and notifies it.
                Ok(()) => timed.added.notify_one(),
                Err(error) => assert_eq!(error, WaitError::TimedOut),
            }
        });
        wait_until_parked(2, QueueEnd::Back);
        let other = spawn(3, move || other.take());
        let clock = spawn(4, || expire(2));
        items.add();
        join([timed, other, clock]);
    });
}

#[test]
fn a_wait_that_ends_early_returns_the_error_and_owns_the_mutex() {
    check(3, || {
        let items = Items::shared();
        let waiter = items.clone();
        let waiter = spawn(2, move || {
            let (mut count, result) = waiter.added.wait_until(waiter.count.lock(), 1);
            assert_eq!(result, Err(WaitError::TimedOut));
            *count += 1;
            let (mut count, result) = waiter.added.wait_cancellable(count, None);
            assert_eq!(result, Err(WaitError::Cancelled));
            *count += 1;
            let (mut count, result) =
                waiter.added.wait_while_cancellable(count, None, |count| *count == 2);
            assert_eq!(result, Err(WaitError::Cancelled));
            *count += 1;
        });
        expire(2);
        *items.count.lock() += 0;
        cancel(2);
        join([waiter]);
        assert_eq!(*items.count.lock(), 3);
    });
}
