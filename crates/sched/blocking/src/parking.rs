//! The interface that the kernel implements: a place where threads wait.

use core::fmt;

use crate::atomic::AtomicU32;

/// A parking lot: a place where threads wait, identified by the address of a word. The
/// primitives keep their state in that word alone. The kernel implements the queues, the
/// sleep and the clock.
///
/// The lot has one lock or several, each for some of the words. A lock is taken with
/// interrupts off, because interrupt handlers call [`unpark`](Self::unpark), too. What a
/// thread did before it released the lock is visible to the threads that take it later.
///
/// After WebKit's `WTF::ParkingLot` and Linux's `kernel/futex`.
///
/// # Safety
/// [`current`](Self::current) returns a number from 1 up to, not including, 2^30, which no
/// other living thread has. It is the same number each time that a thread calls it: a mutex
/// identifies its owner by it. (The rest of the contract is needed for wake-ups only, not
/// for safety.)
#[expect(unsafe_code, reason = "mutual exclusion rests on an implementation")]
pub unsafe trait Parking {
    /// Returns the running thread's number.
    fn current() -> u32;

    /// Puts the running thread to sleep until an [`unpark`](Self::unpark) of `word` wakes
    /// it. All of the following is decided under the lot's lock, in this order:
    ///
    /// - If `word` doesn't hold `expected`, the thread doesn't sleep:
    ///   [`Changed`](Wake::Changed).
    /// - If the thread was cancelled and `wait` is interruptible:
    ///   [`Cancelled`](Wake::Cancelled). If the deadline has passed:
    ///   [`TimedOut`](Wake::TimedOut).
    /// - Otherwise it waits in a queue that is ordered by priority, then by [`QueueEnd`],
    ///   then by arrival. An `unpark` ([`Unparked`](Wake::Unparked)), the deadline or a
    ///   cancellation ends the wait; the first of them is the result. A thread that an
    ///   `unpark` has counted must return `Unparked`, even if its deadline passes before it
    ///   runs: no other thread gets that wake-up.
    ///
    /// It returns `Unparked` only after an `unpark`.
    fn park(word: &AtomicU32, expected: u32, wait: Wait) -> Wake;

    /// Wakes up to `count` threads that wait for `word`, from the first in the queue on,
    /// and calls `then`, which may change the word, before the lot's lock is released.
    /// `then` is called once, even if no thread waits. What the caller did before is
    /// visible to the threads that it wakes. The threads that still wait for the word wait
    /// for no [owner](Wait::owner) until the next [`acquired`](Self::acquired). Interrupt
    /// handlers may call this.
    fn unpark(word: &AtomicU32, count: u32, then: impl FnOnce(Unparked));

    /// Reports that the running thread has taken the mutex of `word`, for which threads may
    /// wait already: from now on they wait for the running thread, whatever owner they
    /// [named](Wait::owner).
    ///
    /// A kernel that implements priority inheritance needs this. It isn't called for a mutex
    /// without waiting threads.
    #[inline]
    fn acquired(word: &AtomicU32) {
        _ = word;
    }

    /// Returns whether the thread with the number `owner` runs on another CPU at the moment, so
    /// that it may soon release a mutex. The answer may be out of date.
    #[inline]
    fn is_running(owner: u32) -> bool {
        _ = owner;
        false
    }
}

/// How a thread waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The deadline, in nanoseconds on the kernel's clock; `None` for no deadline.
    pub until_ns: Option<u64>,
    /// Whether a cancellation ends the wait.
    pub kind: WaitKind,
    /// The thread that owns what this thread waits for; it inherits the priority of this
    /// thread.
    pub owner: Option<u32>,
    /// The end of the queue at which it starts.
    pub queue_end: QueueEnd,
}

impl Wait {
    /// A wait that only a wake-up ends.
    pub(crate) const ENDLESS: Self = Self {
        until_ns: None,
        kind: WaitKind::Uninterruptible,
        owner: None,
        queue_end: QueueEnd::Back,
    };

    /// Returns a wait that also ends at the deadline, but not by a cancellation.
    #[inline]
    pub(crate) const fn until(deadline_ns: u64) -> Self {
        Self { until_ns: Some(deadline_ns), ..Self::ENDLESS }
    }

    /// Returns a wait that also ends by a cancellation, and at the deadline if there is
    /// one.
    #[inline]
    pub(crate) const fn cancellable(until_ns: Option<u64>) -> Self {
        Self { until_ns, kind: WaitKind::Interruptible, ..Self::ENDLESS }
    }
}

/// Whether a cancellation ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitKind {
    /// It does.
    Interruptible,
    /// It doesn't.
    Uninterruptible,
}

/// The end of the queue at which a thread starts to wait, among the threads of its
/// priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueEnd {
    /// Before all threads that started at the back, after those that started at the front
    /// earlier.
    Front,
    /// After all others.
    Back,
}

/// Why a thread stopped waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// It was woken.
    Unparked,
    /// It didn't sleep, because the word held another value.
    Changed,
    /// Its deadline has passed.
    TimedOut,
    /// It was cancelled.
    Cancelled,
}

impl Wake {
    /// Returns itself, or the error if a deadline or a cancellation ended the wait.
    #[inline]
    pub(crate) fn succeeded(self) -> Result<Self, WaitError> {
        match self {
            Self::Unparked | Self::Changed => Ok(self),
            Self::TimedOut => Err(WaitError::TimedOut),
            Self::Cancelled => Err(WaitError::Cancelled),
        }
    }
}

/// The result of an [`unpark`](Parking::unpark).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unparked {
    /// The number of threads that it woke.
    pub woken: u32,
    /// The thread number of the first of them.
    pub first: Option<u32>,
    /// The queue end of the thread that is the first in the queue now; `None` if none
    /// waits.
    pub next: Option<QueueEnd>,
}

/// Why a wait ended without a wake-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitError {
    /// The deadline has passed.
    TimedOut,
    /// The thread was cancelled.
    Cancelled,
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "the deadline has passed",
            Self::Cancelled => "the wait was cancelled",
        })
    }
}

/// Returns the value of an [endless](Wait::ENDLESS) wait, which cannot fail.
#[inline]
pub(crate) fn endless<T>(result: Result<T, WaitError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => unexpected_end(error),
    }
}

#[cold]
#[inline(never)]
fn unexpected_end(error: WaitError) -> ! {
    panic!("the parking lot ended an endless wait without a wake-up: {error}");
}
