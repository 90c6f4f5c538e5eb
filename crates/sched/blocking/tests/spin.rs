//! A thread looks at a mutex for a while before it sleeps, if the owner runs.
#![expect(unsafe_code, reason = "a parking lot")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::AtomicU32;
use std::sync::mpsc;
use std::thread;

use blocking::{Mutex, Parking, Unparked, Wait, Wake};

/// What the waiting thread does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It looks at the mutex again, if the owner runs.
    Look,
    /// It sleeps.
    Sleep,
}

thread_local! {
    static NUMBER: Cell<u32> = const { Cell::new(1) };
    /// Called at each step; returns whether the owner runs.
    static STEP: RefCell<Box<dyn FnMut(Step) -> bool>> = RefCell::new(Box::new(|_| false));
}

/// A lot in which no thread sleeps.
struct WakefulLot;

// SAFETY: the tests give their two threads different numbers.
unsafe impl Parking for WakefulLot {
    fn current() -> u32 {
        NUMBER.get()
    }

    fn park(_: &AtomicU32, _: u32, _: Wait) -> Wake {
        STEP.with(|step| step.borrow_mut()(Step::Sleep));
        Wake::Changed
    }

    fn unpark(_: &AtomicU32, _: u32, then: impl FnOnce(Unparked)) {
        then(Unparked { woken: 0, first: None, next: None });
    }

    fn is_running(owner: u32) -> bool {
        assert_eq!(owner, 1);
        STEP.with(|step| step.borrow_mut()(Step::Look))
    }
}

/// Locks a mutex that another thread owns, which releases it at the first sleep, or at the look with
/// the number `looks` if it runs. Returns whether the thread has slept.
fn sleeps(looks: u32, is_running: bool) -> bool {
    let mutex = Mutex::<WakefulLot, u32>::new(0);
    let ((release, wanted), (report, released)) = (mpsc::channel(), mpsc::channel());
    let mut guard = mutex.lock();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let (mut left, has_slept) = (looks, Rc::new(Cell::new(false)));
            let slept = has_slept.clone();
            NUMBER.set(2);
            STEP.set(Box::new(move |step| {
                left = left.saturating_sub(u32::from(step == Step::Look));
                slept.set(slept.get() || step == Step::Sleep);
                // The owner has ended if it has released the mutex.
                if (slept.get() || is_running && left == 0) && release.send(()).is_ok() {
                    let _ = released.recv();
                }
                is_running
            }));
            *mutex.lock() += 1;
            has_slept.get()
        });
        wanted.recv().unwrap();
        *guard += 1;
        drop((guard, wanted));
        report.send(()).unwrap();
        waiter.join().unwrap()
    })
}

#[test]
fn owner_that_runs_is_waited_for_without_sleep() {
    for looks in [1, 2, 50] {
        assert!(!sleeps(looks, true));
    }
}

#[test]
fn owner_that_does_not_run_is_slept_for() {
    assert!(sleeps(1, false));
}

#[test]
fn owner_that_runs_for_long_is_slept_for() {
    assert!(sleeps(1_000_000, true));
}
