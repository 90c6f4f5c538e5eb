use std::sync::Arc;

use loom::thread::JoinHandle;

use super::lot::{
    ModelLot, Shared, cancel, check, expire, join, set_priority, spawn, wait_until_parked,
};
use crate::{PERMITS_MAX, Place, Semaphore, WaitError};

type TestSemaphore = Semaphore<ModelLot>;

fn shared(permits: u32) -> Arc<TestSemaphore> {
    Arc::new(Semaphore::new(permits))
}

fn spawn_acquirer(number: u32, semaphore: &Arc<TestSemaphore>) -> JoinHandle<()> {
    let semaphore = semaphore.clone();
    spawn(number, move || semaphore.acquire())
}

#[test]
fn each_release_lets_one_in() {
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
fn one_release_lets_several_in() {
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
fn a_permit_that_goes_around_gives_access_to_one_at_a_time() {
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
fn nobody_comes_before_those_in_line() {
    check(3, || {
        let semaphore = shared(0);
        let waiter = spawn_acquirer(2, &semaphore);
        wait_until_parked(2, Place::Back);
        semaphore.release(1);
        assert!(!semaphore.try_acquire());
        join([waiter]);
    });
}

#[test]
fn the_more_urgent_thread_is_let_in_first() {
    check(2, || {
        let semaphore = shared(0);
        set_priority(3, 1);
        let less = spawn_acquirer(2, &semaphore);
        wait_until_parked(2, Place::Back);
        let more = spawn_acquirer(3, &semaphore);
        wait_until_parked(3, Place::Back);
        semaphore.release(1);
        join([more]);
        // It still waits; and can be let in.
        wait_until_parked(2, Place::Back);
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
#[should_panic = "more permits are released than a semaphore can have"]
fn more_permits_than_the_most_are_not_released() {
    check(0, || TestSemaphore::new(2).release(PERMITS_MAX - 1));
}
