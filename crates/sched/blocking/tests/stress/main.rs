//! Many threads of the host use each primitive. At the end the sums must agree; otherwise a
//! wake-up or a change was lost.

mod cost;
mod lot;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use blocking::{Latch, Mutex, Parking, RwLock, WaitQueue};

use lot::{HostLot, cancel, now_ns};

const THREADS: u32 = 4;
/// The duration of each test.
const TIME: Duration = Duration::from_millis(700);
/// A time-out that ends some waits.
const SHORT_NS: u64 = 20_000;

/// Runs `work` repeatedly in each of several threads, with numbers that count up from the
/// thread's index; returns the total number of runs.
fn run_in_threads(work: impl Fn(u32) + Sync) -> u64 {
    let end = Instant::now() + TIME;
    let count = AtomicU64::new(0);
    let numbers = std::sync::Mutex::new(Vec::new());
    thread::scope(|scope| {
        for index in 0..THREADS {
            let (work, count, numbers) = (&work, &count, &numbers);
            scope.spawn(move || {
                numbers.lock().unwrap().push(HostLot::current());
                let mut turn = index;
                while Instant::now() < end {
                    work(turn);
                    turn = turn.wrapping_add(1);
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while Instant::now() < end {
            thread::sleep(Duration::from_micros(200));
            numbers.lock().unwrap().iter().copied().for_each(cancel);
        }
    });
    count.into_inner()
}

#[test]
fn mutex_excludes() {
    let mutex = Mutex::<HostLot, [u64; 2]>::new([0, 0]);
    let missed = AtomicU64::new(0);
    let turns = run_in_threads(|turn| {
        let guard = match turn % 4 {
            0 => Some(mutex.lock()),
            1 => mutex.try_lock(),
            2 => mutex.lock_until(now_ns() + SHORT_NS).ok(),
            _ => mutex.lock_cancellable(None).ok(),
        };
        match guard {
            Some(mut values) => {
                values[0] += 1;
                if turn % 64 == 0 {
                    thread::yield_now();
                }
                values[1] += 1;
            }
            None => {
                missed.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let taken = turns - missed.into_inner();
    assert_eq!(*mutex.lock(), [taken; 2]);
    assert_eq!(lot::visits(|| drop(mutex.lock())), 0);
}

#[test]
fn rw_lock_excludes_writers() {
    let lock = RwLock::<HostLot, [u64; 2]>::new([0, 0]);
    let written = AtomicU64::new(0);
    let read = |values: &[u64; 2]| assert_eq!(values[0], values[1]);
    let write = |values: &mut [u64; 2], turn| {
        values[0] += 1;
        if turn % 64 == 0 {
            thread::yield_now();
        }
        values[1] += 1;
        written.fetch_add(1, Ordering::Relaxed);
    };
    run_in_threads(|turn| match turn % 8 {
        0 => write(&mut lock.write(), turn),
        1 => _ = lock.try_write().map(|mut values| write(&mut values, turn)),
        2 => {
            let deadline_ns = Some(now_ns() + SHORT_NS);
            _ = lock.write_cancellable(deadline_ns).map(|mut values| write(&mut values, turn));
        }
        3 => _ = lock.try_read().map(|values| read(&values)),
        4 => _ = lock.read_cancellable(Some(now_ns() + SHORT_NS)).map(|values| read(&values)),
        _ => read(&lock.read()),
    });
    assert_eq!(*lock.write(), [written.into_inner(); 2]);
    assert_eq!(lot::visits(|| drop((lock.read(), lock.try_read()))), 0);
}

#[test]
fn wait_queue_loses_no_wake_up() {
    let tokens = AtomicU32::new(1);
    let queue = WaitQueue::<HostLot>::new();
    run_in_threads(|turn| {
        let take = || {
            let take = |tokens: u32| tokens.checked_sub(1);
            tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
        };
        let result = match turn % 3 {
            0 => {
                queue.wait_until(take);
                Ok(())
            }
            1 => queue.wait_until_deadline(now_ns() + SHORT_NS, take),
            _ => queue.wait_until_cancellable(None, take),
        };
        if result.is_ok() {
            thread::yield_now();
            tokens.fetch_add(1, Ordering::Relaxed);
            if turn % 2 == 0 { queue.wake_one() } else { queue.wake_all() }
        }
    });
    assert_eq!(tokens.into_inner(), 1);
}

#[test]
fn latches_open_for_all() {
    let end = Instant::now() + TIME;
    while Instant::now() < end {
        let latch = Latch::<HostLot>::new(2);
        let done = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    latch.wait();
                    assert_eq!(done.load(Ordering::Relaxed), 2);
                });
                scope.spawn(|| {
                    done.fetch_add(1, Ordering::Relaxed);
                    latch.count_down();
                });
            }
        });
    }
}
