//! The work that a thread of a process has to do before it returns to ring 3.

use core::sync::atomic::{AtomicU8, Ordering};

use spin::Once;

use super::exit_status::ExitStatus;
use crate::sync::{Rank, SpinMutex};
use crate::task::{self, ThreadRef};

/// How a thread ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Only the thread ends. The status is that of its process if no other thread sets one.
    Thread(ExitStatus),
    /// The thread ends with the whole process.
    Process(ExitStatus),
}

/// The bit that requests a check.
const REQUEST: u8 = 1;
/// The bit that is set if switches to the thread have to be handled: it has a restartable sequence.
const WATCHES_SWITCHES: u8 = 2;
/// The bit that is set if the thread has to end.
const ENDS: u8 = 4;

/// The requests to a thread.
pub struct Attention {
    /// The scheduler's thread. Set by the code that has started it.
    task: Once<ThreadRef>,
    /// The possible work before the return to ring 3: [`REQUEST`], [`WATCHES_SWITCHES`], [`ENDS`].
    work: AtomicU8,
    /// Protects the way in which the thread has to end, if it has to; set once.
    ending: SpinMutex<Option<Ending>>,
}

impl Attention {
    /// Returns the state of a thread that isn't started yet.
    pub(super) const fn new() -> Self {
        Self {
            task: Once::new(),
            work: AtomicU8::new(0),
            ending: SpinMutex::new(Rank::ThreadSignals, None),
        }
    }

    pub(super) fn set_task(&self, task: ThreadRef) {
        self.task.call_once(|| task);
    }

    /// Returns the scheduler's thread, if it has been started.
    pub fn task(&self) -> Option<&ThreadRef> {
        self.task.get()
    }

    /// Makes the thread check its signals before it returns to ring 3, and ends a wait of the
    /// thread that can be interrupted.
    pub(super) fn request(&self) {
        self.note();
        if let Some(task) = self.task.get() {
            task::interrupt(task);
        }
    }

    /// Makes the running thread check its signals before it returns to ring 3.
    pub(super) fn note(&self) {
        self.work.fetch_or(REQUEST, Ordering::Release);
    }

    /// Clears the requests, before the signals are checked.
    pub(super) fn take(&self) {
        self.work.fetch_and(!REQUEST, Ordering::Release);
        task::clear_interrupt();
    }

    /// Sets whether a switch to the thread requires work before the return to ring 3.
    pub(super) fn watch_switches(&self, watches: bool) {
        if watches {
            self.work.fetch_or(WATCHES_SWITCHES, Ordering::Release);
        } else {
            self.work.fetch_and(!WATCHES_SWITCHES, Ordering::Release);
        }
    }

    /// Returns whether there is work before the return to ring 3: a request, or a switch that
    /// `is_switched` reports, if switches are watched. If they aren't, this costs a single load.
    #[inline]
    pub(super) fn has_work(&self, is_switched: impl FnOnce() -> bool) -> bool {
        let work = self.work.load(Ordering::Acquire);
        work != 0 && (work & REQUEST != 0 || is_switched())
    }

    /// Makes the thread end before it returns to ring 3. Only the first call has an effect.
    pub(super) fn end(&self, ending: Ending) {
        self.ending.lock().get_or_insert(ending);
        self.work.fetch_or(ENDS, Ordering::Release);
        self.request();
    }

    /// Returns whether the thread has to end.
    pub(super) fn is_ending(&self) -> bool {
        self.work.load(Ordering::Acquire) & ENDS != 0
    }

    /// Returns the way in which the thread has to end, if it has to.
    pub(super) fn ending(&self) -> Option<Ending> {
        if self.is_ending() { *self.ending.lock() } else { None }
    }
}
