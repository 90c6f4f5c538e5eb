//! Many threads of the host use each primitive. At the end the sums must agree; otherwise a
//! wake-up, a permit or a value was lost.

mod cost;
mod lot;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use blocking::{Channel, ChannelError, Condvar, Latch, Mutex, Parking, Semaphore, WaitQueue};

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
fn semaphore_keeps_its_permits() {
    const PERMITS: u32 = 2;
    let semaphore = Semaphore::<HostLot>::new(PERMITS);
    let inside = AtomicU32::new(0);
    run_in_threads(|turn| {
        let is_in = match turn % 4 {
            0 => {
                semaphore.acquire();
                true
            }
            1 => semaphore.try_acquire(),
            2 => semaphore.acquire_until(now_ns() + SHORT_NS).is_ok(),
            _ => semaphore.acquire_cancellable(None).is_ok(),
        };
        if is_in {
            assert!(inside.fetch_add(1, Ordering::Relaxed) < PERMITS);
            if turn % 16 == 0 {
                thread::yield_now();
            }
            inside.fetch_sub(1, Ordering::Relaxed);
            semaphore.release(1);
        }
    });
    assert_eq!(semaphore.available(), PERMITS);
}

#[test]
fn condvar_loses_no_notification() {
    let tokens = Mutex::<HostLot, u32>::new(1);
    let returned = Condvar::<HostLot>::new();
    run_in_threads(|turn| {
        let is_none = |tokens: &mut u32| *tokens == 0;
        let (mut guard, result) = match turn % 4 {
            0 => (returned.wait_while(tokens.lock(), is_none), Ok(())),
            1 => returned.wait_while_until(tokens.lock(), now_ns() + SHORT_NS, is_none),
            2 => returned.wait_while_cancellable(tokens.lock(), None, is_none),
            _ => (tokens.lock(), Ok(())),
        };
        if result.is_ok() && *guard > 0 {
            *guard -= 1;
            drop(guard);
            thread::yield_now();
            *tokens.lock() += 1;
            returned.notify_one();
        }
    });
    assert_eq!(*tokens.lock(), 1);
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
fn channel_delivers_in_order() {
    const VALUES: u64 = 20_000;
    const SENDERS: u64 = 3;
    let channel = Channel::<HostLot, u64, 4>::new();
    let sum = AtomicU64::new(0);
    thread::scope(|scope| {
        let senders = [0, 1, 2].map(|sender| {
            let channel = &channel;
            scope.spawn(move || {
                for value in 0..VALUES {
                    let mut value = value * SENDERS + sender;
                    while let Err(unsent) = channel.send_until(value, now_ns() + SHORT_NS) {
                        assert_eq!(unsent.error, ChannelError::TimedOut);
                        value = unsent.value;
                    }
                }
            })
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = [None; SENDERS as usize];
                loop {
                    let value = match channel.recv_until(now_ns() + SHORT_NS) {
                        Ok(value) => value,
                        Err(ChannelError::TimedOut) => continue,
                        Err(_) => return,
                    };
                    let last = &mut last[(value % SENDERS) as usize];
                    assert!(last.replace(value).is_none_or(|last| last < value));
                    sum.fetch_add(value, Ordering::Relaxed);
                }
            });
        }
        for sender in senders {
            sender.join().unwrap();
        }
        channel.close();
    });
    let count = VALUES * SENDERS;
    assert_eq!(sum.into_inner(), count * (count - 1) / 2);
    assert_eq!(channel.recv(), Err(ChannelError::Closed));
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
