use std::sync::Arc;

use super::lot::{ModelLot, Shared, cancel, check, expire, join, spawn, wait_until_parked};
use crate::{Latch, QueueEnd, WaitError};

type TestLatch = Latch<ModelLot>;

#[test]
fn waiter_sees_what_was_done_before_the_count() {
    check(3, || {
        let latch = Arc::new(TestLatch::new(2));
        let results = Arc::new([0, 0].map(Shared::new));
        let workers = [0, 1].map(|index| {
            let (latch, results) = (latch.clone(), results.clone());
            spawn(index as u32 + 2, move || {
                results[index].change(|result| *result = 1);
                latch.count_down();
            })
        });
        latch.wait();
        for result in results.iter() {
            assert_eq!(result.change(|result| *result), 1);
        }
        join(workers);
        assert!(latch.is_open());
    });
}

#[test]
fn an_open_latch_shows_what_was_done_before() {
    check(3, || {
        let work = Arc::new((TestLatch::new(1), Shared::new(0)));
        let worker = work.clone();
        let worker = spawn(2, move || {
            worker.1.change(|result| *result = 1);
            worker.0.count_down();
        });
        if work.0.is_open() {
            assert_eq!(work.1.change(|result| *result), 1);
        }
        join([worker]);
    });
}

#[test]
fn all_that_wait_are_woken() {
    check(2, || {
        let latch = Arc::new(TestLatch::new(1));
        let waiters = [2, 3].map(|number| {
            let latch = latch.clone();
            spawn(number, move || latch.wait())
        });
        latch.count_down();
        join(waiters);
    });
}

#[test]
fn a_wait_that_ends_early_leaves_the_latch_usable() {
    check(3, || {
        let latch = Arc::new(TestLatch::new(2));
        let waiter = latch.clone();
        let waiter = spawn(2, move || {
            if let Err(error) = waiter.wait_until(1) {
                assert_eq!(error, WaitError::TimedOut);
                let error = waiter.wait_cancellable(None).err();
                assert!(error.is_none_or(|error| error == WaitError::Cancelled));
            }
        });
        wait_until_parked(2, QueueEnd::Back);
        let ends = spawn(3, || {
            expire(2);
            cancel(2);
        });
        latch.count_down();
        latch.count_down();
        join([waiter, ends]);
        latch.wait();
    });
}

#[test]
fn only_the_last_count_opens() {
    check(0, || {
        let latch = TestLatch::new(2);
        assert!(!latch.is_open());
        latch.count_down();
        expire(1);
        assert_eq!(latch.wait_until(1), Err(WaitError::TimedOut));
        latch.count_down();
        assert_eq!(latch.wait_until(1), Ok(()));
        TestLatch::new(0).wait();
    });
}

#[test]
#[should_panic = "the latch's count is 0 already"]
fn an_open_latch_is_not_counted_down() {
    check(0, || TestLatch::new(0).count_down());
}
