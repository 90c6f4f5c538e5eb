use std::sync::Arc;

use loom::thread::JoinHandle;

use super::lot::{
    ModelLot, Shared, cancel, check, expire, join, set_priority, spawn, wait_until_parked,
};
use crate::{PERMITS_MAX, QueueEnd, Semaphore, WaitError};

type TestSemaphore = Semaphore<ModelLot>;

fn shared(permits: u32) -> Arc<TestSemaphore> {
    Arc::new(Semaphore::new(permits))
}

fn spawn_acquirer(number: u32, semaphore: &Arc<TestSemaphore>) -> JoinHandle<()> {
    let semaphore = semaphore.clone();
    spawn(number, move || semaphore.acquire())
}

#[test]
fn each_release_admits_one_thread() {
    check(2, || {
        let semaphore = shared(0);
        let others = [2, 3].map(|number| spawn_acquirer(number, &semaphore));
        semaphore.release(1);
        semaphore.release(1);
        join(others);
        assert_eq!(semaphore.available(), 0);
        assert!(!semaphore.try_acquire());
    });
}

#[test]
fn one_release_of_several_permits_admits_several_threads() {
    check(2, || {
        let semaphore = shared(0);
        let others = [2, 3].map(|number| spawn_acquirer(number, &semaphore));
        semaphore.release(3);
        join(others);
        assert_eq!(semaphore.available(), 1);
    });
}

#[test]
fn concurrent_releases_add_up() {
    check(3, || {
        let semaphore = shared(0);
        let acquirer = spawn_acquirer(2, &semaphore);
        let other = semaphore.clone();
        let releaser = spawn(3, move || other.release(2));
        semaphore.release(1);
        join([acquirer, releaser]);
        assert_eq!(semaphore.available(), 2);
    });
}

#[test]
fn one_permit_admits_one_thread_at_a_time() {
    check(2, || {
        let shared = Arc::new((TestSemaphore::new(1), Shared::new(0)));
        let others = [2, 3].map(|number| {
            let shared = shared.clone();
            spawn(number, move || {
                shared.0.acquire();
                shared.1.change(|value| *value += 1);
                shared.0.release(1);
            })
        });
        shared.0.acquire();
        shared.1.change(|value| *value += 1);
        shared.0.release(1);
        join(others);
        assert_eq!(shared.0.available(), 1);
        shared.1.change(|value| assert_eq!(*value, 3));
    });
}

#[test]
fn no_thread_overtakes_a_waiter() {
    check(3, || {
        let semaphore = shared(0);
        let waiter = spawn_acquirer(2, &semaphore);
        wait_until_parked(2, QueueEnd::Back);
        semaphore.release(1);
        assert!(!semaphore.try_acquire());
        join([waiter]);
    });
}

#[test]
fn the_more_urgent_thread_gets_the_permit_first() {
    check(2, || {
        let semaphore = shared(0);
        set_priority(3, 1);
        let less = spawn_acquirer(2, &semaphore);
        wait_until_parked(2, QueueEnd::Back);
        let more = spawn_acquirer(3, &semaphore);
        wait_until_parked(3, QueueEnd::Back);
        semaphore.release(1);
        join([more]);
        // It still waits, and can get a permit.
        wait_until_parked(2, QueueEnd::Back);
        semaphore.release(1);
        join([less]);
    });
}

#[test]
fn a_permit_isn_t_lost_to_a_deadline_or_a_cancellation() {
    check(3, || {
        let semaphore = shared(0);
        let timed = semaphore.clone();
        let timed = spawn(2, move || {
            if let Err(error) = timed.acquire_until(1) {
                assert_eq!(error, WaitError::TimedOut);
                let cancelled = timed.acquire_cancellable(None);
                if cancelled.is_err() {
                    assert_eq!(cancelled, Err(WaitError::Cancelled));
                    return;
                }
            }
            timed.release(1);
        });
        let ends = spawn(3, || {
            expire(2);
            cancel(2);
        });
        semaphore.release(1);
        join([timed, ends]);
        assert_eq!(semaphore.available(), 1);
        assert!(semaphore.try_acquire());
    });
}

#[test]
fn a_free_permit_is_taken_whatever_the_deadline() {
    check(0, || {
        let semaphore = TestSemaphore::new(2);
        expire(1);
        cancel(1);
        assert_eq!(semaphore.acquire_until(0), Ok(()));
        assert_eq!(semaphore.acquire_cancellable(Some(0)), Ok(()));
        assert_eq!(semaphore.acquire_until(0), Err(WaitError::TimedOut));
        assert_eq!(semaphore.acquire_cancellable(None), Err(WaitError::Cancelled));
        semaphore.release(0);
        assert_eq!(semaphore.available(), 0);
        semaphore.release(PERMITS_MAX);
        assert_eq!(semaphore.available(), PERMITS_MAX);
    });
}

#[test]
#[should_panic = "more than PERMITS_MAX permits would be free"]
fn release_above_the_maximum_panics() {
    check(0, || TestSemaphore::new(2).release(PERMITS_MAX - 1));
}
