//! Sleeping locks: exclusion, priority inheritance, and ranks.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use farjump::sync::parking::KernelLot;
use farjump::sync::{Latch, Mutex, Rank, RwLock};
use farjump::task::{self, Builder, CpuSet, JoinHandle, State};
use farjump::testing::{ShouldPanic, wait_until};

use crate::{MS, first_cpu, real_time, stay_on};

#[test_case]
fn mutex_keeps_threads_apart() {
    struct Two(u64, u64);
    let counts = Arc::new(Mutex::new(Rank::AddressSpace, Two(0, 0)));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let counts = counts.clone();
            task::spawn("counter", move || {
                for round in 0..500 {
                    let mut counts = counts.lock();
                    counts.0 += 1;
                    if round % 50 == 0 {
                        task::yield_now();
                    }
                    counts.1 += 1;
                    assert_eq!(counts.0, counts.1);
                }
            })
            .expect("there is memory")
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join());
    assert_eq!(counts.lock().0, 4000);
}

/// A thread of low priority holds a lock for which a thread of high priority waits, while a
/// thread of middle priority never yields. All run on one CPU, so only their policies
/// determine which one runs.
#[test_case]
fn lower_thread_inherits_from_the_one_that_waits_for_it() {
    static HELD: Mutex<()> = Mutex::new(Rank::AddressSpace, ());
    static IS_TAKEN: Latch = Latch::new(1);
    static IS_HELD: AtomicBool = AtomicBool::new(false);
    let first = first_cpu();
    let low = Builder::new("low").allowed(first).spawn(|| {
        let held = HELD.lock();
        IS_HELD.store(true, Ordering::Relaxed);
        IS_TAKEN.count_down();
        while !task::current().has_inherited() {
            core::hint::spin_loop();
        }
        IS_HELD.store(false, Ordering::Relaxed);
        drop(held);
        assert!(!task::current().has_inherited(), "inheritance ends with the last mutex");
    });
    let low = low.expect("there is memory");
    IS_TAKEN.wait();
    let high = Builder::new("high").policy(real_time(20)).allowed(first).spawn(move || {
        // The new thread runs as soon as this one waits, unless the scheduler picks the
        // lower one.
        let between = Builder::new("between").policy(real_time(10)).allowed(first);
        let between = between.spawn(|| IS_HELD.load(Ordering::Relaxed));
        drop(HELD.lock());
        between.expect("there is memory")
    });
    let between = high.expect("there is memory").join();
    assert!(!between.join(), "the thread in between has run before the lower one");
    low.join();
}

/// A mutex without a rank: a thread can hold several.
type UnrankedMutex = blocking::Mutex<KernelLot, ()>;

/// Starts a real-time thread on the first CPU that takes `mutex`, unless it is cancelled. Returns
/// the thread after it has begun to wait.
fn spawn_waiter(mutex: &'static UnrankedMutex, priority: u8) -> JoinHandle<()> {
    let builder = Builder::new("waiter").policy(real_time(priority)).allowed(first_cpu());
    let waiter = builder.spawn(|| drop(mutex.lock_cancellable(None))).expect("there is memory");
    wait_until(|| waiter.thread().state() == State::Waiting);
    waiter
}

#[test_case]
fn inherited_policy_ends_with_the_last_waiting_thread() {
    static ONE: UnrankedMutex = UnrankedMutex::new(());
    static OTHER: UnrankedMutex = UnrankedMutex::new(());
    stay_on(first_cpu());
    let own = task::current().policy();
    let (one, other) = (ONE.lock(), OTHER.lock());
    let waiters = [spawn_waiter(&ONE, 10), spawn_waiter(&OTHER, 20), spawn_waiter(&OTHER, 30)];
    assert_eq!(task::current().policy(), real_time(30));
    drop(one);
    assert!(task::current().has_inherited(), "threads wait for the other mutex");
    drop(other);
    assert!(!task::current().has_inherited());
    assert_eq!(task::current().policy(), own);
    waiters.into_iter().for_each(|waiter| waiter.join());
    // A thread doesn't inherit from one that has stopped waiting.
    let one = ONE.lock();
    let waiter = spawn_waiter(&ONE, 10);
    assert!(task::current().has_inherited());
    task::cancel(waiter.thread());
    assert!(!task::current().has_inherited());
    assert_eq!(task::current().policy(), own);
    drop(one);
    waiter.join();
    task::set_allowed(task::current(), &CpuSet::first(64));
}

/// A real-time thread waits for a mutex whose owner waits for a mutex of this thread.
#[test_case]
fn policy_is_inherited_along_a_chain_of_owners() {
    static INNER: UnrankedMutex = UnrankedMutex::new(());
    static OUTER: UnrankedMutex = UnrankedMutex::new(());
    stay_on(first_cpu());
    let held = INNER.lock();
    let middle = Builder::new("middle").allowed(first_cpu()).spawn(|| {
        let _outer = OUTER.lock();
        drop(INNER.lock());
        assert!(task::current().has_inherited(), "a thread waits for the outer mutex");
    });
    let middle = middle.expect("there is memory");
    wait_until(|| middle.thread().state() == State::Waiting);
    assert!(!task::current().has_inherited());
    let urgent = spawn_waiter(&OUTER, 20);
    assert!(middle.thread().has_inherited());
    assert_eq!(task::current().policy(), real_time(20));
    drop(held);
    assert!(!task::current().has_inherited());
    middle.join();
    urgent.join();
    task::set_allowed(task::current(), &CpuSet::first(64));
}

/// Readers sleep while a writer holds a lock, and then share it.
#[test_case]
fn readers_wait_for_a_writer() {
    const READERS: u64 = 3;
    static VALUE: RwLock<u64> = RwLock::new(Rank::AddressSpace, 0);
    static INSIDE: Latch = Latch::new(READERS as u32);
    let mut value = VALUE.write();
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let read = || {
                let value = VALUE.read();
                // All are inside at once.
                INSIDE.count_down();
                INSIDE.wait();
                *value
            };
            task::spawn("reader", read).expect("there is memory")
        })
        .collect();
    wait_until(|| readers.iter().all(|reader| reader.thread().state() == State::Waiting));
    *value = 7;
    drop(value);
    assert_eq!(readers.into_iter().map(|reader| reader.join()).sum::<u64>(), READERS * 7);
}

static RANKED: Mutex<u64> = Mutex::new(Rank::AddressSpace, 0);
static OF_THE_SAME_RANK: Mutex<u64> = Mutex::new(Rank::AddressSpace, 0);

/// Keeps the running thread on the last CPU, which may be the first.
fn stay_on_last_cpu() {
    let mut last = CpuSet::new();
    last.try_insert(task::cpus().count() - 1).expect("the set has room for all CPUs");
    stay_on(last);
}

/// While a thread that holds a mutex sleeps and moves, other threads take locks of the same rank
/// on its previous CPUs.
#[test_case]
fn ranks_of_mutexes_stay_with_their_thread() {
    let take_other = || {
        let thread = Builder::new("other").allowed(first_cpu()).spawn(|| {
            *OF_THE_SAME_RANK.lock() += 1;
            task::yield_now();
            *OF_THE_SAME_RANK.lock() += 1;
        });
        thread.expect("there is memory").join();
    };
    stay_on(first_cpu());
    let mut value = RANKED.lock();
    take_other();
    stay_on_last_cpu();
    take_other();
    *value += 1;
    drop(value);
    let value = *RANKED.lock();
    assert!(value > 0);
    task::set_allowed(task::current(), &CpuSet::first(64));
}

#[test_case]
const RANK_IS_CHECKED_AFTER_A_SLEEP_AND_A_MIGRATION: ShouldPanic =
    ShouldPanic::new("threads::rank_after_a_migration", "rank AddressSpace", || {
        stay_on(first_cpu());
        let _one = RANKED.lock();
        task::sleep_ns(MS).expect("no thread cancels it");
        stay_on_last_cpu();
        let _other = OF_THE_SAME_RANK.lock();
    });
