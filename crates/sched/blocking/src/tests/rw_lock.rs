use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use super::lot::{ModelLot, cancel, check, expire, join, spawn, wait_until_parked};
use crate::{QueueEnd, RwLock, WaitError, WaitKind};

type TestLock = RwLock<ModelLot, u32>;

fn shared() -> Arc<TestLock> {
    Arc::new(RwLock::new(0))
}

/// Starts a thread that adds one.
fn spawn_adder(number: u32, lock: &Arc<TestLock>) -> loom::thread::JoinHandle<()> {
    let lock = lock.clone();
    spawn(number, move || *lock.write() += 1)
}

#[test]
fn writers_exclude_each_other() {
    check(3, || {
        let lock = shared();
        let other = spawn_adder(2, &lock);
        *lock.write() += 1;
        join([other]);
        assert_eq!(*lock.read(), 2);
    });
}

#[test]
fn writer_excludes_readers() {
    check(3, || {
        let lock = Arc::new(RwLock::<ModelLot, [u32; 2]>::new([0, 0]));
        let writer = lock.clone();
        let writer = spawn(2, move || {
            let mut values = writer.write();
            values[0] += 1;
            values[1] += 1;
        });
        for _ in 0..2 {
            let values = lock.read();
            assert_eq!(values[0], values[1]);
        }
        join([writer]);
        assert_eq!(*lock.read(), [1, 1]);
    });
}

#[test]
fn two_readers_and_a_writer_see_whole_changes() {
    check(2, || {
        let lock = shared();
        let writer = spawn_adder(2, &lock);
        let reader = lock.clone();
        let reader = spawn(3, move || assert!(*reader.read() <= 1));
        assert!(*lock.read() <= 1);
        join([writer, reader]);
        assert_eq!(*lock.write(), 1);
    });
}

#[test]
fn readers_share_the_lock() {
    check(2, || {
        let lock = shared();
        let held = lock.read();
        let reader = lock.clone();
        // It ends although this thread holds the lock.
        join([spawn(2, move || assert_eq!(*reader.read(), 0))]);
        assert!(lock.try_read().is_some());
        assert!(lock.try_write().is_none());
        drop(held);
        assert!(lock.try_write().is_some());
    });
}

#[test]
fn waiting_writer_keeps_later_readers_out() {
    check(2, || {
        let lock = shared();
        let held = lock.read();
        let writer = spawn_adder(2, &lock);
        wait_until_parked(2, QueueEnd::Back);
        assert!(lock.try_read().is_none());
        let later = lock.clone();
        let later = spawn(3, move || assert_eq!(*later.read(), 1));
        assert_eq!(wait_until_parked(3, QueueEnd::Back).owner, Some(2));
        drop(held);
        join([writer, later]);
    });
}

#[test]
fn readers_that_waited_for_a_writer_share_the_lock() {
    check(2, || {
        let lock = shared();
        let held = lock.write();
        let readers = [2, 3].map(|number| {
            let lock = lock.clone();
            let reader = spawn(number, move || {
                let value = lock.read();
                // A read lock is free for others at once.
                assert!(lock.try_read().is_some());
                assert_eq!(*value, 0);
            });
            assert_eq!(wait_until_parked(number, QueueEnd::Back).owner, Some(1));
            reader
        });
        drop(held);
        join(readers);
        assert!(lock.try_write().is_some());
    });
}

#[test]
fn try_forms_take_only_what_is_free() {
    static WAS_READ: AtomicBool = AtomicBool::new(false);
    check(3, || {
        let lock = shared();
        let other = lock.clone();
        let other = spawn(2, move || {
            if let Some(mut value) = other.try_write() {
                *value += 1;
                assert!(other.try_read().is_none());
                assert!(other.try_write().is_none());
            }
        });
        if let Some(value) = lock.try_read() {
            assert!(*value <= 1);
            WAS_READ.store(true, Relaxed);
        }
        join([other]);
        assert!(*lock.try_write().expect("it is free") <= 1);
    });
    assert!(WAS_READ.load(Relaxed));
}

#[test]
fn a_writer_that_gives_up_leaves_the_lock_to_readers() {
    check(3, || {
        let lock = shared();
        let held = lock.read();
        let writer = {
            let lock = lock.clone();
            spawn(2, move || match lock.write_cancellable(Some(1)) {
                Ok(mut value) => *value += 1,
                Err(error) => assert_eq!(error, WaitError::TimedOut),
            })
        };
        let clock = spawn(3, || expire(2));
        drop(held);
        join([writer, clock]);
        // Whichever came first, the lock is free, and no thread is left in the lot.
        assert!(*lock.try_read().expect("no writer is left") <= 1);
        assert!(*lock.try_write().expect("no reader is left") <= 1);
    });
}

#[test]
fn readers_go_on_after_a_writer_gave_up() {
    check(2, || {
        let lock = shared();
        let held = lock.read();
        let writer = {
            let lock = lock.clone();
            spawn(2, move || assert!(lock.write_cancellable(None).is_err()))
        };
        wait_until_parked(2, QueueEnd::Back);
        let reader = lock.clone();
        let reader = spawn(3, move || assert_eq!(*reader.read(), 0));
        wait_until_parked(3, QueueEnd::Back);
        cancel(2);
        join([writer, reader]);
        drop(held);
        assert!(lock.try_write().is_some());
    });
}

#[test]
fn each_form_waits_as_documented() {
    check(1, || {
        let lock = shared();
        let held = lock.write();
        let waiters = [
            (2, WaitKind::Interruptible, None),
            (3, WaitKind::Interruptible, Some(7)),
            (4, WaitKind::Interruptible, Some(8)),
        ];
        for (number, kind, until_ns) in waiters {
            let lock = lock.clone();
            let waiter = spawn(number, move || match number {
                2 => assert!(lock.read_cancellable(None).is_err()),
                3 => assert!(lock.read_cancellable(Some(7)).is_err()),
                _ => assert!(lock.write_cancellable(Some(8)).is_err()),
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

#[test]
#[should_panic = "thread 1 locks a mutex that it owns already"]
fn reading_under_an_own_write_lock_panics() {
    check(0, || {
        let lock = shared();
        let _held = lock.write();
        let _again = lock.read();
    });
}
