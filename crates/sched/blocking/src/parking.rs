//! What the kernel gives: a place where threads wait.

use core::fmt;

use crate::atomic::AtomicU32;

/// A parking lot: where threads wait, by the address of a word. The primitives keep
/// their state in that word alone; queues, sleep and the clock are the kernel's.
///
/// The lot has a lock, for all words or some. It is taken with interrupts off, as
/// interrupt handlers call [`unpark`](Self::unpark), too. What a thread did before it
/// gave the lock back is seen by whoever takes it later.
///
/// After WebKit's `WTF::ParkingLot` and Linux's `kernel/futex`.
///
/// # Safety
/// [`current`](Self::current) returns a number from 1 up to, not including, 2^30, which no
/// other living thread has, and the same one each time that a thread calls it: a mutex
/// knows its owner by it. (The rest of the contract is what makes threads wake up.)
#[expect(unsafe_code, reason = "mutual exclusion rests on an implementation")]
pub unsafe trait Parking {
    /// Returns the running thread's number.
    fn current() -> u32;

    /// Lets the running thread sleep until it is woken by an [`unpark`](Self::unpark)
    /// of `word`. All of the following is decided under the lot's lock, in this order:
    ///
    /// - If `word` doesn't hold `expected`, the thread doesn't sleep:
    ///   [`Changed`](Wake::Changed).
    /// - If it is to be cancelled and `wait` is interruptible:
    ///   [`Cancelled`](Wake::Cancelled). If the deadline has passed:
    ///   [`TimedOut`](Wake::TimedOut).
    /// - Otherwise it waits, in line by priority, then by [`Place`], then by arrival.
    ///   One of three ends that, and only that one is told: an `unpark`
    ///   ([`Unparked`](Wake::Unparked)), the deadline, or a cancellation. A thread that
    ///   an `unpark` has counted must return `Unparked`, even if its deadline passes
    ///   before it runs: what it was woken for may be given to nobody else.
    ///
    /// It never returns `Unparked` without an `unpark`.
    fn park(word: &AtomicU32, expected: u32, wait: Wait) -> Wake;

    /// Wakes up to `count` threads that wait for `word`, from the first in line on, and
    /// lets `then` change the word before the lot's lock is given back. `then` is called
    /// once, even if no thread waits. What the caller did before is seen by the threads
    /// that it wakes. Interrupt handlers may call this.
    fn unpark(word: &AtomicU32, count: u32, then: impl FnOnce(Unparked));

    /// The running thread has taken a mutex. If threads may wait for it already, it is
    /// the one at `waited_for`: from now on they wait for the running thread, whatever
    /// owner they [named](Wait::owner).
    ///
    /// With [`released`](Self::released), for a kernel that lets owners inherit
    /// priority: it can count how many mutexes a thread holds.
    #[inline]
    fn acquired(waited_for: Option<&AtomicU32>) {
        _ = waited_for;
    }

    /// The running thread has given a mutex back.
    #[inline]
    fn released() {}
}

/// How a thread waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// When it gives up, in nanoseconds on the kernel's clock; `None` for never.
    pub until_ns: Option<u64>,
    /// If it gives up when it is cancelled.
    pub kind: WaitKind,
    /// The thread that holds what is waited for, and so inherits the priority of the
    /// one that waits.
    pub owner: Option<u32>,
    /// Its place in line.
    pub place: Place,
}

impl Wait {
    /// A wait that nothing ends but a wake-up.
    pub(crate) const ENDLESS: Self =
        Self { until_ns: None, kind: WaitKind::Uninterruptible, owner: None, place: Place::Back };

    /// Returns a wait that ends at the deadline, but by no cancellation.
    #[inline]
    pub(crate) const fn until(deadline_ns: u64) -> Self {
        Self { until_ns: Some(deadline_ns), ..Self::ENDLESS }
    }

    /// Returns a wait that ends by a cancellation, and at the deadline if there is one.
    #[inline]
    pub(crate) const fn cancellable(until_ns: Option<u64>) -> Self {
        Self { until_ns, kind: WaitKind::Interruptible, ..Self::ENDLESS }
    }
}

/// If a cancellation ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitKind {
    /// It does.
    Interruptible,
    /// It doesn't.
    Uninterruptible,
}

/// A thread's place in line, among those of its priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Before all that wait at the back, behind those that came to the front earlier.
    Front,
    /// Behind all.
    Back,
}

/// Why a thread doesn't wait any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// It was woken.
    Unparked,
    /// It didn't sleep, because the word held something else.
    Changed,
    /// Its deadline has passed.
    TimedOut,
    /// It was cancelled.
    Cancelled,
}

impl Wake {
    /// Returns itself, unless the wait was given up.
    #[inline]
    pub(crate) fn succeeded(self) -> Result<Self, WaitError> {
        match self {
            Self::Unparked | Self::Changed => Ok(self),
            Self::TimedOut => Err(WaitError::TimedOut),
            Self::Cancelled => Err(WaitError::Cancelled),
        }
    }
}

/// What an [`unpark`](Parking::unpark) did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unparked {
    /// How many threads it woke.
    pub woken: u32,
    /// The number of the first of them.
    pub first: Option<u32>,
    /// The place of the thread that is the first in line now; `None` if none waits.
    pub next: Option<Place>,
}

/// Why a wait was given up.
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

/// Returns what an [endless](Wait::ENDLESS) wait has brought.
#[inline]
pub(crate) fn endless<T>(result: Result<T, WaitError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => given_up(error),
    }
}

#[cold]
#[inline(never)]
fn given_up(error: WaitError) -> ! {
    panic!("the lot gave up a wait that nothing but a wake-up ends: {error}");
}
