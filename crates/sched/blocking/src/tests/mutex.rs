use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use super::lot::{
    ModelLot, cancel, check, expire, join, owner_waited_for, set_priority, spawn, wait_until_parked,
};
use crate::{Mutex, QueueEnd, WaitError, WaitKind};

type TestMutex = Mutex<ModelLot, u32>;

fn shared() -> Arc<TestMutex> {
    Arc::new(Mutex::new(0))
}

/// Starts a thread that adds one.
fn spawn_adder(number: u32, mutex: &Arc<TestMutex>) -> loom::thread::JoinHandle<()> {
    let mutex = mutex.clone();
    spawn(number, move || *mutex.lock() += 1)
}

#[test]
fn two_threads_exclude_each_other_and_see_each_others_writes() {
    check(4, || {
        let mutex = shared();
        let other = mutex.clone();
        let other = spawn(2, move || {
            for _ in 0..2 {
                *other.lock() += 1;
            }
        });
        for _ in 0..2 {
            *mutex.lock() += 1;
        }
        join([other]);
        assert_eq!(*mutex.lock(), 4);
    });
}

#[test]
fn three_threads_exclude_each_other() {
    check(2, || {
        let mutex = shared();
        let others = [spawn_adder(2, &mutex), spawn_adder(3, &mutex)];
        *mutex.lock() += 1;
        join(others);
        assert_eq!(*mutex.lock(), 3);
    });
}

#[test]
fn try_lock_takes_only_a_free_mutex() {
    check(3, || {
        let mutex = shared();
        let other = mutex.clone();
        let other = spawn(2, move || {
            if let Some(mut value) = other.try_lock() {
                *value += 1;
                assert!(other.try_lock().is_none());
            }
        });
        if let Some(mut value) = mutex.try_lock() {
            *value += 1;
        }
        join([other]);
        let value = mutex.try_lock().expect("it is free");
        assert!((1..=2).contains(&*value));
    });
}

#[test]
fn a_free_mutex_can_be_taken_before_a_woken_thread_runs() {
    static WAS_TAKEN: AtomicBool = AtomicBool::new(false);
    check(2, || {
        let mutex = shared();
        let held = mutex.lock();
        let others = [spawn_adder(2, &mutex), spawn_adder(3, &mutex)];
        wait_until_parked(2, QueueEnd::Back);
        wait_until_parked(3, QueueEnd::Back);
        drop(held);
        // One thread still waits, so the word isn't 0, even if no thread owns the mutex.
        if let Some(value) = mutex.try_lock().filter(|value| **value == 0) {
            WAS_TAKEN.store(true, Relaxed);
            drop(value);
        }
        join(others);
        assert_eq!(*mutex.lock(), 2);
    });
    assert!(WAS_TAKEN.load(Relaxed));
}

#[test]
fn mutex_is_handed_to_a_thread_that_found_it_taken_after_a_wake_up() {
    check(3, || {
        let mutex = shared();
        let held = mutex.lock();
        let other = spawn_adder(2, &mutex);
        wait_until_parked(2, QueueEnd::Back);
        drop(held);
        let Some(value) = mutex.try_lock().filter(|value| **value == 0) else {
            return join([other]);
        };
        // It overtook the woken thread. That one waits again, and then no thread overtakes
        // it, not even a third one.
        let wait = wait_until_parked(2, QueueEnd::Front);
        assert_eq!(wait.owner, Some(1));
        let third = spawn_adder(3, &mutex);
        wait_until_parked(3, QueueEnd::Back);
        drop(value);
        if let Some(value) = mutex.try_lock() {
            assert!(*value >= 1);
        }
        join([other, third]);
        assert_eq!(*mutex.lock(), 2);
    });
}

#[test]
fn hand_overs_keep_the_order_of_the_waiters() {
    check(2, || {
        let mutex = shared();
        let held = mutex.lock();
        let others = [spawn_adder(2, &mutex), spawn_adder(3, &mutex)];
        wait_until_parked(2, QueueEnd::Back);
        wait_until_parked(3, QueueEnd::Back);
        drop(held);
        let barges_in = || mutex.try_lock().filter(|value| **value == 0);
        // Each unlock wakes one thread, so then both are woken.
        drop(barges_in());
        if let Some(value) = barges_in() {
            wait_until_parked(2, QueueEnd::Front);
            wait_until_parked(3, QueueEnd::Front);
            drop(value);
            if let Some(value) = mutex.try_lock() {
                assert_eq!(*value, 2);
            }
        }
        join(others);
        assert_eq!(*mutex.lock(), 2);
    });
}

#[test]
fn more_urgent_threads_come_before_a_waiter_at_the_front() {
    static WAS_WOKEN_IN_VAIN: AtomicBool = AtomicBool::new(false);
    check(1, || {
        let mutex = shared();
        let held = mutex.lock();
        set_priority(3, 1);
        set_priority(4, 1);
        let spawn_writer = |number| {
            let mutex = mutex.clone();
            let run = move || {
                let mut value = mutex.lock();
                *value = *value * 10 + number;
            };
            let thread = spawn(number, run);
            wait_until_parked(number, QueueEnd::Back);
            thread
        };
        let first = spawn_writer(2);
        drop(held);
        let Some(held) = mutex.try_lock().filter(|value| **value == 0) else {
            return join([first]);
        };
        WAS_WOKEN_IN_VAIN.store(true, Relaxed);
        wait_until_parked(2, QueueEnd::Front);
        let others = [3, 4].map(spawn_writer);
        drop(held);
        join([first]);
        join(others);
        assert_eq!(*mutex.lock(), 342);
    });
    assert!(WAS_WOKEN_IN_VAIN.load(Relaxed));
}

#[test]
fn the_more_urgent_thread_is_served_first() {
    check(2, || {
        let mutex = shared();
        set_priority(3, 1);
        let held = mutex.lock();
        let [less, more] = [2, 3].map(|number| {
            let mutex = mutex.clone();
            let run = move || {
                let mut value = mutex.lock();
                *value = *value * 10 + number;
            };
            let thread = spawn(number, run);
            wait_until_parked(number, QueueEnd::Back);
            thread
        });
        drop(held);
        join([less, more]);
        assert_eq!(*mutex.lock(), 32);
    });
}

#[test]
fn waiter_names_the_owner_and_a_new_owner_replaces_it() {
    check(3, || {
        let mutex = shared();
        let held = mutex.lock();
        let others = [2, 3].map(|number| {
            let mutex = mutex.clone();
            let other = spawn(number, move || {
                let mut value = mutex.lock();
                if number == 2 {
                    assert_eq!(owner_waited_for(3), Some(2));
                }
                *value += 1;
            });
            assert_eq!(wait_until_parked(number, QueueEnd::Back).owner, Some(1));
            other
        });
        drop(held);
        // No longer the thread that has released the mutex.
        assert_ne!(owner_waited_for(3), Some(1));
        if let Some(value) = mutex.try_lock().filter(|value| **value == 0) {
            assert!([None, Some(1)].contains(&owner_waited_for(2)));
            // This time the mutex is handed over.
            wait_until_parked(2, QueueEnd::Front);
            drop(value);
        }
        join(others);
        assert_eq!(*mutex.lock(), 2);
    });
}

#[test]
#[should_panic = "thread 1 locks a mutex that it owns already"]
fn locking_an_owned_mutex_panics() {
    check(0, || {
        let mutex = shared();
        let _held = mutex.lock();
        let _again = mutex.lock();
    });
}

#[test]
fn a_deadline_that_races_an_unlock_loses_no_mutex() {
    check(3, || {
        let mutex = shared();
        let held = mutex.lock();
        let waiter = {
            let mutex = mutex.clone();
            spawn(2, move || match mutex.lock_until(1) {
                Ok(mut value) => *value += 1,
                Err(error) => assert_eq!(error, WaitError::TimedOut),
            })
        };
        let clock = spawn(3, || expire(2));
        drop(held);
        join([waiter, clock]);
        // Whichever came first, the mutex is free, and no thread is left in the lot.
        assert!(*mutex.lock() <= 1);
    });
}

#[test]
fn a_cancellation_that_races_a_hand_over_loses_no_mutex() {
    check(3, || {
        let mutex = shared();
        let held = mutex.lock();
        let waiter = {
            let mutex = mutex.clone();
            spawn(2, move || match mutex.lock_cancellable(None) {
                Ok(mut value) => *value += 1,
                Err(error) => assert_eq!(error, WaitError::Cancelled),
            })
        };
        wait_until_parked(2, QueueEnd::Back);
        drop(held);
        let signal = spawn(3, || cancel(2));
        // It overtakes the waiter, which then requests a hand-over.
        drop(mutex.try_lock());
        join([waiter, signal]);
        assert!(*mutex.lock() <= 1);
    });
}

#[test]
fn a_waiter_that_gives_up_leaves_the_others_in_line() {
    check(2, || {
        let mutex = shared();
        let held = mutex.lock();
        let gives_up = {
            let mutex = mutex.clone();
            spawn(2, move || drop(mutex.lock_until(1)))
        };
        wait_until_parked(2, QueueEnd::Back);
        let stays = spawn_adder(3, &mutex);
        wait_until_parked(3, QueueEnd::Back);
        expire(2);
        join([gives_up]);
        drop(held);
        join([stays]);
        assert_eq!(*mutex.lock(), 1);
    });
}

#[test]
fn only_the_requested_events_end_a_wait() {
    check(2, || {
        let mutex = shared();
        let held = mutex.lock();
        let waiter = spawn_adder(2, &mutex);
        let wait = wait_until_parked(2, QueueEnd::Back);
        assert_eq!((wait.kind, wait.until_ns), (WaitKind::Uninterruptible, None));
        expire(2);
        cancel(2);
        drop(held);
        join([waiter]);
        assert_eq!(*mutex.lock(), 1);
    });
}

#[test]
fn each_form_of_lock_waits_as_documented() {
    check(2, || {
        let mutex = shared();
        let held = mutex.lock();
        let waiters = [
            (2, WaitKind::Uninterruptible, Some(7)),
            (3, WaitKind::Interruptible, None),
            (4, WaitKind::Interruptible, Some(8)),
        ];
        for (number, kind, until_ns) in waiters {
            let mutex = mutex.clone();
            let waiter = spawn(number, move || match number {
                2 => assert!(mutex.lock_until(7).is_err()),
                3 => assert!(mutex.lock_cancellable(None).is_err()),
                _ => assert!(mutex.lock_cancellable(Some(8)).is_err()),
            });
            let wait = wait_until_parked(number, QueueEnd::Back);
            assert_eq!((wait.kind, wait.until_ns), (kind, until_ns));
            if until_ns.is_some() {
                expire(number)
            } else {
                cancel(number)
            }
            join([waiter]);
        }
        drop(held);
    });
}
