//! The cost of operations without waiting threads, and after a wait that ended early.

use std::thread;

use blocking::{Latch, Mutex, RwLock, WaitError, WaitQueue};

use crate::lot::{HostLot, visits};

// All primitives are made at compile time.
static MUTEX: Mutex<HostLot, u32> = Mutex::new(0);
static RW_LOCK: RwLock<HostLot, u32> = RwLock::new(0);
static QUEUE: WaitQueue<HostLot> = WaitQueue::new();
static LATCH: Latch<HostLot> = Latch::new(1);

const _: () = {
    assert!(size_of::<Mutex<HostLot, u32>>() == 8);
    assert!(size_of::<RwLock<HostLot, u32>>() == 12);
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
            *RW_LOCK.write() += 1;
            *RW_LOCK.try_write().unwrap() += 1;
            assert_eq!(*RW_LOCK.read(), *RW_LOCK.try_read().unwrap());
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

    let lock = RwLock::<HostLot, u32>::new(0);
    let held = lock.read();
    thread::scope(|scope| {
        let write = || lock.write_cancellable(Some(0)).map(|value| *value);
        scope.spawn(move || assert_eq!(write(), Err(WaitError::TimedOut)));
    });
    assert_eq!(visits(|| drop(held)), 0);
    assert_eq!(visits(|| drop(lock.write())), 0);

    let queue = WaitQueue::<HostLot>::new();
    assert_eq!(queue.wait_until_deadline(0, || false), timed_out);
    assert_eq!(visits(|| queue.wake_all()), 1);
    assert_eq!(visits(|| queue.wake_all()), 0);
}
