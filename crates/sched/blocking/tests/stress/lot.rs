//! A parking lot for the host's threads.

use std::cell::Cell;
use std::collections::HashSet;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use blocking::{Parking, Unparked, Wait, WaitKind, Wake};

pub struct HostLot;

struct Waiter {
    address: usize,
    thread: u32,
    wait: Wait,
    outcome: Arc<Outcome>,
}

/// Why a thread stopped waiting. Written under the lot's lock.
#[derive(Default)]
struct Outcome {
    wake: OnceLock<Wake>,
    is_there: Condvar,
}

#[derive(Default)]
struct State {
    /// In the order in which they are woken; all threads have the same priority.
    line: Vec<Waiter>,
    /// The cancelled threads.
    cancelled: HashSet<u32>,
}

static STATE: LazyLock<Mutex<State>> = LazyLock::new(Mutex::default);
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

thread_local! {
    static NUMBER: u32 = {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    };
    static VISITS: Cell<u32> = const { Cell::new(0) };
}

fn visit() -> MutexGuard<'static, State> {
    VISITS.set(VISITS.get() + 1);
    STATE.lock().unwrap()
}

impl State {
    fn end(&mut self, index: usize, wake: Wake) -> u32 {
        let waiter = self.line.remove(index);
        waiter.outcome.wake.set(wake).expect("a queued thread waits");
        waiter.outcome.is_there.notify_one();
        waiter.thread
    }

    fn end_own(&mut self, wake: Wake) -> Wake {
        let me = HostLot::current();
        self.line.retain(|waiter| waiter.thread != me);
        self.cancelled.remove(&me);
        wake
    }
}

// SAFETY: the numbers are counted, and each thread keeps its own.
unsafe impl Parking for HostLot {
    fn current() -> u32 {
        NUMBER.with(|number| *number)
    }

    fn park(word: &AtomicU32, expected: u32, wait: Wait) -> Wake {
        let me = Self::current();
        let mut state = visit();
        if word.load(Ordering::Relaxed) != expected {
            return Wake::Changed;
        }
        let outcome = Arc::new(Outcome::default());
        let is_after = |waiter: &Waiter| waiter.wait.queue_end > wait.queue_end;
        let index = state.line.iter().position(is_after).unwrap_or(state.line.len());
        let address = ptr::from_ref(word).addr();
        state.line.insert(index, Waiter { address, thread: me, wait, outcome: outcome.clone() });
        loop {
            if let Some(wake) = outcome.wake.get() {
                return *wake;
            }
            if wait.kind == WaitKind::Interruptible && state.cancelled.contains(&me) {
                return state.end_own(Wake::Cancelled);
            }
            let Some(until_ns) = wait.until_ns else {
                state = outcome.is_there.wait(state).unwrap();
                continue;
            };
            let Some(left_ns) = until_ns.checked_sub(now_ns()).filter(|left_ns| *left_ns > 0)
            else {
                return state.end_own(Wake::TimedOut);
            };
            let left = Duration::from_nanos(left_ns);
            state = outcome.is_there.wait_timeout(state, left).unwrap().0;
        }
    }

    fn unpark(word: &AtomicU32, count: u32, then: impl FnOnce(Unparked)) {
        let address = ptr::from_ref(word).addr();
        let mut state = visit();
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
        then(unparked);
    }

    fn acquired(_: &AtomicU32) {
        drop(visit());
    }
}

/// Returns the time on the lot's clock, in nanoseconds.
pub fn now_ns() -> u64 {
    START.elapsed().as_nanos() as u64
}

/// Ends the next or current interruptible wait of `thread`.
pub fn cancel(thread: u32) {
    let mut state = STATE.lock().unwrap();
    state.cancelled.insert(thread);
    for waiter in state.line.iter().filter(|waiter| waiter.thread == thread) {
        waiter.outcome.is_there.notify_one();
    }
}

/// Returns how often `run` called the lot in this thread.
pub fn visits(run: impl FnOnce()) -> u32 {
    let before = VISITS.get();
    run();
    VISITS.get() - before
}
