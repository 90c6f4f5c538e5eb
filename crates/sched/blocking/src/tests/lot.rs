//! A parking lot for the model checker, and threads with numbers.
//!
//! There is no clock: all deadlines of a thread have passed after another thread has called
//! [`expire`] for it.

use std::cell::Cell;
use std::vec::Vec;

use loom::cell::UnsafeCell;
use loom::sync::{Condvar, Mutex, MutexGuard};
use loom::thread::JoinHandle;

use crate::atomic::AtomicU32;
use crate::atomic::Ordering::Relaxed;
use crate::{Parking, QueueEnd, Unparked, Wait, WaitKind, Wake};

/// Threads have the numbers from 1 up to, not including, this one. The model's main thread
/// is number 1.
const THREADS: usize = 5;

/// The lot that models share.
pub(super) struct ModelLot;

/// A waiting thread.
struct Waiter {
    address: usize,
    thread: u32,
    priority: u8,
    wait: Wait,
}

#[derive(Default)]
struct Thread {
    priority: u8,
    is_expired: bool,
    is_cancelled: bool,
    /// Why it stopped waiting.
    outcome: Option<Wake>,
}

#[derive(Default)]
struct State {
    /// In the order in which they are woken.
    line: Vec<Waiter>,
    threads: [Thread; THREADS],
}

struct Lot {
    state: Mutex<State>,
    /// Signalled when a thread has its outcome.
    outcome: [Condvar; THREADS],
    /// Signalled when a thread has begun to wait.
    parked: Condvar,
}

loom::lazy_static! {
    static ref LOT: Lot = Lot {
        state: Mutex::default(),
        outcome: Default::default(),
        parked: Condvar::new(),
    };
}

loom::thread_local! {
    static NUMBER: Cell<u32> = Cell::new(1);
    /// Whether the thread was woken since it last began to wait at the back.
    static WAS_WOKEN: Cell<bool> = Cell::new(false);
}

fn lot() -> MutexGuard<'static, State> {
    LOT.state.lock().unwrap()
}

impl State {
    /// Ends the wait of the waiter at `index` in the queue.
    fn end(&mut self, index: usize, outcome: Wake) -> u32 {
        let Waiter { thread, .. } = self.line.remove(index);
        self.threads[thread as usize].outcome = Some(outcome);
        LOT.outcome[thread as usize].notify_one();
        thread
    }

    /// Sets the owner that the threads at `address` wait for.
    fn set_owner(&mut self, address: usize, owner: Option<u32>) {
        for waiter in self.line.iter_mut().filter(|w| w.address == address) {
            waiter.wait.owner = owner;
        }
    }

    fn end_if(&mut self, thread: u32, outcome: Wake, ends: impl Fn(&Wait) -> bool) {
        let found = self.line.iter().position(|w| w.thread == thread && ends(&w.wait));
        if let Some(index) = found {
            self.end(index, outcome);
        }
    }
}

#[expect(unsafe_code, reason = "the trait is")]
// SAFETY: models give each of their threads a number of its own.
unsafe impl Parking for ModelLot {
    fn current() -> u32 {
        NUMBER.with(Cell::get)
    }

    fn park(word: &AtomicU32, expected: u32, wait: Wait) -> Wake {
        let me = Self::current();
        match wait.queue_end {
            QueueEnd::Back => WAS_WOKEN.with(|was_woken| was_woken.set(false)),
            QueueEnd::Front => assert!(WAS_WOKEN.with(Cell::get)),
        }
        let mut state = lot();
        let thread = &mut state.threads[me as usize];
        if word.load(Relaxed) != expected {
            return Wake::Changed;
        }
        if wait.kind == WaitKind::Interruptible && thread.is_cancelled {
            return Wake::Cancelled;
        }
        if wait.until_ns.is_some() && thread.is_expired {
            return Wake::TimedOut;
        }
        let priority = thread.priority;
        let is_before = |w: &Waiter| {
            w.priority > priority || w.priority == priority && w.wait.queue_end <= wait.queue_end
        };
        let address = word as *const _ as usize;
        let index = state.line.iter().rposition(is_before).map_or(0, |before| before + 1);
        state.line.insert(index, Waiter { address, thread: me, priority, wait });
        LOT.parked.notify_all();
        loop {
            if let Some(outcome) = state.threads[me as usize].outcome.take() {
                WAS_WOKEN.with(|was_woken| was_woken.set(outcome == Wake::Unparked));
                return outcome;
            }
            state = LOT.outcome[me as usize].wait(state).unwrap();
        }
    }

    fn unpark(word: &AtomicU32, count: u32, then: impl FnOnce(Unparked)) {
        let address = word as *const _ as usize;
        let mut state = lot();
        let mut unparked = Unparked { woken: 0, first: None, next: None };
        while let Some(index) = state.line.iter().position(|w| w.address == address) {
            if unparked.woken == count {
                unparked.next = Some(state.line[index].wait.queue_end);
                break;
            }
            let thread = state.end(index, Wake::Unparked);
            unparked.first.get_or_insert(thread);
            unparked.woken += 1;
        }
        state.set_owner(address, None);
        then(unparked);
    }

    fn acquired(word: &AtomicU32) {
        lot().set_owner(word as *const _ as usize, Some(Self::current()));
    }
}

/// Runs `model` in all orders with up to `preemptions` switches from a thread that could
/// continue.
pub(super) fn check(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Starts the thread `number`.
pub(super) fn spawn(number: u32, run: impl FnOnce() + 'static) -> JoinHandle<()> {
    loom::thread::spawn(move || {
        NUMBER.with(|cell| cell.set(number));
        run();
    })
}

/// Waits for the ends of `threads`.
pub(super) fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// A value that only one thread at a time may access; the model checker reports a
/// violation.
pub(super) struct Shared<T>(UnsafeCell<T>);

#[expect(unsafe_code, reason = "the tested lock makes access exclusive")]
// SAFETY: the model checker ends the test before two threads access the value.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub(super) fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    pub(super) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        #[expect(unsafe_code, reason = "as above")]
        // SAFETY: as above.
        self.0.with_mut(|value| change(unsafe { &mut *value }))
    }
}

/// Makes the current and all later deadlines of `thread` pass.
pub(super) fn expire(thread: u32) {
    let mut state = lot();
    state.threads[thread as usize].is_expired = true;
    state.end_if(thread, Wake::TimedOut, |wait| wait.until_ns.is_some());
}

/// Cancels `thread`, for good.
pub(super) fn cancel(thread: u32) {
    let mut state = lot();
    state.threads[thread as usize].is_cancelled = true;
    state.end_if(thread, Wake::Cancelled, |wait| wait.kind == WaitKind::Interruptible);
}

/// Sets a thread's priority, which is 0 otherwise. A higher one is more urgent.
pub(super) fn set_priority(thread: u32, priority: u8) {
    lot().threads[thread as usize].priority = priority;
}

/// Waits until `thread` waits at `queue_end`; returns its wait. Only for a thread that will
/// do so.
pub(super) fn wait_until_parked(thread: u32, queue_end: QueueEnd) -> Wait {
    let mut state = lot();
    loop {
        let found = state.line.iter().find(|w| w.thread == thread && w.wait.queue_end == queue_end);
        if let Some(waiter) = found {
            return waiter.wait;
        }
        state = LOT.parked.wait(state).unwrap();
    }
}

/// Returns whether `thread` waits now.
pub(super) fn is_parked(thread: u32) -> bool {
    lot().line.iter().any(|w| w.thread == thread)
}

/// Returns the owner that the waiting thread `thread` has named.
pub(super) fn owner_waited_for(thread: u32) -> Option<u32> {
    lot().line.iter().find(|w| w.thread == thread).and_then(|w| w.wait.owner)
}
