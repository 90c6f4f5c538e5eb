//! The work of a thread of a process before it returns to ring 3.

use core::sync::atomic::{AtomicBool, Ordering};

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

/// The requests to a thread.
pub struct Attention {
    /// The thread that the scheduler runs. Set by the code that has started it.
    task: Once<ThreadRef>,
    /// Whether there is something to do before the return to ring 3.
    has_work: AtomicBool,
    /// Protects how the thread is to end, if it is; set once.
    ending: SpinMutex<Option<Ending>>,
}

impl Attention {
    /// Returns the state of a thread that isn't started yet.
    pub(super) const fn new() -> Self {
        Self {
            task: Once::new(),
            has_work: AtomicBool::new(false),
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
        self.has_work.store(true, Ordering::Release);
    }

    /// Takes the requests back, before the look.
    pub(super) fn take(&self) {
        self.has_work.store(false, Ordering::Release);
        task::clear_interrupt();
    }

    /// Returns whether there is a request.
    #[inline]
    pub(super) fn is_requested(&self) -> bool {
        self.has_work.load(Ordering::Acquire)
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
