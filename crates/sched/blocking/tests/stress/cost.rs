//! The cost of operations without waiting threads, and after a wait that ended early.

use std::thread;

use blocking::{Latch, Mutex, WaitError, WaitQueue};

use crate::lot::{HostLot, visits};

// All primitives are made at compile time.
static MUTEX: Mutex<HostLot, u32> = Mutex::new(0);
static QUEUE: WaitQueue<HostLot> = WaitQueue::new();
static LATCH: Latch<HostLot> = Latch::new(1);

const _: () = {
    assert!(size_of::<Mutex<HostLot, u32>>() == 8);
    assert!(size_of::<WaitQueue<HostLot>>() == 4);
    assert!(size_of::<Latch<HostLot>>() == 4);
};

#[test]
fn operations_without_waiters_do_not_call_the_lot() {
    let needless = visits(|| {
        for _ in 0..2 {
            *MUTEX.lock() += 1;
            *MUTEX.try_lock().unwrap() += 1;
            *MUTEX.lock_until(0).unwrap() += 1;
            *MUTEX.lock_cancellable(None).unwrap() += 1;
            QUEUE.wait_until(|| true);
            QUEUE.wake_one();
            QUEUE.wake_all();
        }
        LATCH.count_down();
        LATCH.wait();
    });
    assert_eq!(needless, 0);
}

#[test]
fn a_wait_that_ended_early_costs_one_call_of_the_lot() {
    let timed_out = Err(WaitError::TimedOut);

    let mutex = Mutex::<HostLot, u32>::new(0);
    let held = mutex.lock();
    thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(mutex.lock_until(0).map(|value| *value), Err(WaitError::TimedOut))
        });
    });
    assert_eq!(visits(|| drop(held)), 1);
    assert_eq!(visits(|| drop(mutex.lock())), 0);

    let queue = WaitQueue::<HostLot>::new();
    assert_eq!(queue.wait_until_deadline(0, || false), timed_out);
    assert_eq!(visits(|| queue.wake_all()), 1);
    assert_eq!(visits(|| queue.wake_all()), 0);
}
