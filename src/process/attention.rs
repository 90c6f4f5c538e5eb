//! The work of a thread of a process before it returns to ring 3.

use core::sync::atomic::{AtomicU8, Ordering};

use spin::Once;

use super::exit_status::ExitStatus;
use crate::sync::{Rank, SpinMutex};
use crate::task::{self, ThreadRef};

/// How a thread ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The thread alone. The status is that of its process if no other thread sets one.
    Thread(ExitStatus),
    /// With the whole process.
    Process(ExitStatus),
}

/// There is a request.
const REQUEST: u8 = 1;
/// Switches to the thread matter: it has a restartable sequence.
const WATCHES_SWITCHES: u8 = 2;

/// The requests to a thread.
pub struct Attention {
    /// The thread that the scheduler runs. Set by the code that has started it.
    task: Once<ThreadRef>,
    /// The possible work before the return to ring 3: [`REQUEST`] and [`WATCHES_SWITCHES`].
    work: AtomicU8,
    /// Protects how the thread is to end, if it is; set once.
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

    /// Returns the thread that the scheduler runs, if it has been started.
    pub fn task(&self) -> Option<&ThreadRef> {
        self.task.get()
    }

    /// Makes the thread check its signals before it returns to ring 3, and ends a wait that can be
    /// interrupted.
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

    /// Sets whether a switch to the thread is to be noticed before the return to ring 3.
    pub(super) fn watch_switches(&self, watches: bool) {
        if watches {
            self.work.fetch_or(WATCHES_SWITCHES, Ordering::Release);
        } else {
            self.work.fetch_and(!WATCHES_SWITCHES, Ordering::Release);
        }
    }

    /// Returns whether there is something to do before the return to ring 3: a request, or a switch
    /// that `is_switched` reports, if switches are watched. All of it is one load for a thread that
    /// watches none.
    #[inline]
    pub(super) fn has_work(&self, is_switched: impl FnOnce() -> bool) -> bool {
        let work = self.work.load(Ordering::Acquire);
        work != 0 && (work & REQUEST != 0 || is_switched())
    }

    /// Makes the thread end before it returns to ring 3. The first ending counts.
    pub(super) fn end(&self, ending: Ending) {
        self.ending.lock().get_or_insert(ending);
        self.request();
    }

    /// Returns whether the thread is to end.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.lock().is_some()
    }

    /// Returns how the thread is to end, if it is.
    pub(super) fn ending(&self) -> Option<Ending> {
        *self.ending.lock()
    }
}
