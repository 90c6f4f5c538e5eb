//! Models that loom runs in every order.

use std::format;
use std::vec::Vec;

use loom::model::Builder;
use loom::sync::Arc;
use loom::thread;

use crate::{TicketMutex, TicketMutexGuard};

/// The first ticket of most models, so that the ticket numbers wrap.
const LAST: u32 = u32::MAX;

/// Runs `model` in all orders with at most `preemptions`; two threads need no bound.
fn check(preemptions: impl Into<Option<usize>>, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = preemptions.into();
    builder.check(model);
}

/// Returns a function for the iterations of a wait, which yields to the other threads.
/// Loom's scheduler isn't fair while it explores, so two waiting threads could delay the
/// third for ever. After the third iteration the function stops the exploration, and the
/// execution ends under a fair scheduler.
fn relax() -> impl FnMut() {
    let mut turns = 0;
    move || {
        turns += 1;
        if turns == 3 {
            loom::skip_branch();
        }
        thread::yield_now();
    }
}

fn lock<T: ?Sized>(mutex: &TicketMutex<T>) -> TicketMutexGuard<'_, T> {
    mutex.lock_with(relax())
}

/// Waits until `count` threads wait for the lock.
fn await_waiters<T: ?Sized>(mutex: &TicketMutex<T>, count: u32) {
    let mut relax = relax();
    while mutex.waiters() < count {
        relax();
    }
}

/// Runs `threads` threads, and the model's own, that each take the lock by `take` and
/// count. Loom checks that each access to the counter is ordered after the last one.
fn count(threads: u32, first: u32, take: fn(&TicketMutex<u32>) -> Option<TicketMutexGuard<u32>>) {
    let mutex = Arc::new(TicketMutex::starting_at(first, 0));
    let counted = move |mutex: &TicketMutex<u32>| {
        take(mutex).map_or(0, |mut counter| {
            *counter += 1;
            1
        })
    };
    let others: Vec<_> = (0..threads)
        .map(|_| {
            let mutex = mutex.clone();
            thread::spawn(move || counted(&mutex))
        })
        .collect();
    let own = counted(&mutex);
    let all = others.into_iter().map(|other| other.join().expect("no thread fails")).sum::<u32>();
    assert_eq!(*lock(&mutex), all + own);
    assert!(!mutex.is_locked());
}

#[test]
fn two_threads_exclude_each_other() {
    check(None, || count(1, LAST, |mutex| Some(lock(mutex))));
}

#[test]
fn three_threads_exclude_each_other() {
    check(3, || count(2, LAST - 1, |mutex| Some(lock(mutex))));
}

#[test]
fn try_lock_excludes_others() {
    check(None, || count(1, LAST, TicketMutex::try_lock));
    check(3, || count(2, LAST - 1, TicketMutex::try_lock));
}

#[test]
fn try_lock_and_lock_exclude_each_other() {
    check(None, || {
        let mutex = Arc::new(TicketMutex::starting_at(LAST, 0));
        let other = thread::spawn({
            let mutex = mutex.clone();
            move || *lock(&mutex) += 1
        });
        let tried = mutex.try_lock().map(|mut counter| *counter += 1);
        other.join().expect("it doesn't fail");
        assert_eq!(*lock(&mutex), 1 + u32::from(tried.is_some()));
    });
}

#[test]
fn the_first_waiter_is_served_first() {
    check(2, || {
        let mutex = Arc::new(TicketMutex::starting_at(LAST, Vec::new()));
        let guard = lock(&mutex);
        let others = [1, 2].map(|number| {
            let other = thread::spawn({
                let mutex = mutex.clone();
                move || lock(&mutex).push(number)
            });
            await_waiters(&mutex, number);
            other
        });
        drop(guard);
        lock(&mutex).push(3);
        for other in others {
            other.join().expect("it doesn't fail");
        }
        assert_eq!(*lock(&mutex), [1, 2, 3]);
    });
}

#[test]
fn try_lock_overtakes_no_waiter() {
    check(None, || {
        let mutex = Arc::new(TicketMutex::starting_at(LAST, false));
        let guard = lock(&mutex);
        let other = thread::spawn({
            let mutex = mutex.clone();
            move || *lock(&mutex) = true
        });
        await_waiters(&mutex, 1);
        drop(guard);
        assert!(mutex.try_lock().is_none_or(|was_served| *was_served));
        other.join().expect("it doesn't fail");
    });
}

#[test]
fn try_lock_takes_only_a_free_lock() {
    check(None, || {
        let mutex = TicketMutex::starting_at(LAST, 7);
        for _ in 0..3 {
            let guard = mutex.try_lock().expect("it is free");
            assert_eq!(*guard, 7);
            assert!(mutex.try_lock().is_none());
            assert!(mutex.is_locked());
            drop(guard);
            assert!(!mutex.is_locked());
        }
    });
}

#[test]
fn relax_is_called_only_in_iterations_of_the_wait() {
    check(None, || {
        let mutex = TicketMutex::starting_at(LAST, ());
        for _ in 0..3 {
            drop(mutex.lock_with(|| panic!("the lock is free")));
        }
        let mut held = Some(lock(&mutex));
        assert_eq!(mutex.waiters(), 0);
        let mut turns = 0;
        let guard = mutex.lock_with(|| {
            turns += 1;
            assert_eq!(mutex.waiters(), 1);
            if turns == 3 {
                held = None;
            }
        });
        assert_eq!(mutex.waiters(), 0);
        drop(guard);
        assert_eq!(turns, 3);
    });
}

#[test]
fn number_of_waiters_never_underflows() {
    check(None, || {
        let mutex = Arc::new(TicketMutex::starting_at(LAST, ()));
        let other = thread::spawn({
            let mutex = mutex.clone();
            move || {
                drop(lock(&mutex));
                drop(lock(&mutex));
            }
        });
        // The other thread runs first: this one may read any mixture of older values.
        thread::yield_now();
        assert!(mutex.waiters() <= 1);
        other.join().expect("it doesn't fail");
        assert_eq!(mutex.waiters(), 0);
    });
}

#[test]
fn unsized_values_are_locked() {
    check(None, || {
        let mutex: &TicketMutex<[u8]> = &TicketMutex::starting_at(0, [1, 2, 3]);
        lock(mutex)[1] = 5;
        assert_eq!(*lock(mutex), [1, 5, 3]);
    });
}

#[test]
fn debug_shows_the_value_of_a_free_lock() {
    check(None, || {
        let mutex = TicketMutex::starting_at(LAST, 7);
        assert_eq!(format!("{mutex:?}"), "TicketMutex { value: 7 }");
        let guard = lock(&mutex);
        assert_eq!(format!("{mutex:?}"), "TicketMutex { value: <locked> }");
        assert_eq!(format!("{guard:?}"), "7");
        drop(guard);
        assert!(!mutex.is_locked());
    });
}

/// Fails to compile, by ambiguity, if `$type` implements `$bound`.
macro_rules! assert_not {
    ($type:ty: $bound:ident) => {{
        trait Either<A> {
            fn chosen() {}
        }
        impl<T: ?Sized> Either<()> for T {}
        impl<T: ?Sized + $bound> Either<u8> for T {}
        <$type as Either<_>>::chosen()
    }};
}

#[test]
fn mutex_and_guard_have_the_right_send_and_sync() {
    use core::cell::Cell;

    fn assert_sync<T: Sync>() {}
    assert_sync::<TicketMutex<Cell<u8>>>();
    assert_not!(TicketMutex<*const u8>: Sync);
    assert_sync::<TicketMutexGuard<u8>>();
    assert_not!(TicketMutexGuard<Cell<u8>>: Sync);
    assert_not!(TicketMutexGuard<u8>: Send);
}
