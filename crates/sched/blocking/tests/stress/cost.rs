//! The cost of operations without waiting threads, and after a wait that ended early.

use std::thread;

use blocking::{Channel, Condvar, Latch, Mutex, Semaphore, WaitError, WaitQueue};

use crate::lot::{HostLot, visits};

// All primitives are made at compile time.
static MUTEX: Mutex<HostLot, u32> = Mutex::new(0);
static SEMAPHORE: Semaphore<HostLot> = Semaphore::new(1);
static CONDVAR: Condvar<HostLot> = Condvar::new();
static QUEUE: WaitQueue<HostLot> = WaitQueue::new();
static LATCH: Latch<HostLot> = Latch::new(1);
static CHANNEL: Channel<HostLot, u32, 2> = Channel::new();

const _: () = {
    assert!(size_of::<Mutex<HostLot, u32>>() == 8);
    assert!(size_of::<Semaphore<HostLot>>() == 4);
    assert!(size_of::<Condvar<HostLot>>() == 4);
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
            SEMAPHORE.acquire();
            SEMAPHORE.release(1);
            CONDVAR.notify_one();
            CONDVAR.notify_all();
            QUEUE.wait_until(|| true);
            QUEUE.wake_one();
            QUEUE.wake_all();
            CHANNEL.send(1).unwrap();
            CHANNEL.send(2).unwrap();
            assert_eq!((CHANNEL.recv(), CHANNEL.recv()), (Ok(1), Ok(2)));
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

    let semaphore = Semaphore::<HostLot>::new(0);
    assert_eq!(semaphore.acquire_until(0), timed_out);
    assert_eq!(visits(|| semaphore.release(1)), 1);
    assert_eq!(semaphore.available(), 1);
    assert_eq!(visits(|| semaphore.release(1)), 0);

    let condvar = Condvar::<HostLot>::new();
    let (guard, result) = condvar.wait_until(mutex.lock(), 0);
    assert_eq!(result, timed_out);
    drop(guard);
    assert_eq!(visits(|| condvar.notify_one()), 1);
    assert_eq!(visits(|| condvar.notify_one()), 0);

    let queue = WaitQueue::<HostLot>::new();
    assert_eq!(queue.wait_until_deadline(0, || false), timed_out);
    assert_eq!(visits(|| queue.wake_all()), 1);
    assert_eq!(visits(|| queue.wake_all()), 0);
}
