//! The list of a process's threads, and the state of their common stop or end.

use alloc::sync::Arc;
use alloc::vec::Vec;

use signals::Signal;

use super::attention::Ending;
use super::exit_status::ExitStatus;
use super::thread_handle::ThreadHandle;

/// The threads of a process.
pub(super) struct Threads {
    /// The threads that have not ended, in the order in which they were made.
    living: Vec<Arc<ThreadHandle>>,
    /// The status with which the process ends, once that is decided.
    ending: Option<ExitStatus>,
    /// The status of the first thread, if it has ended. The process ends with it, unless another
    /// status is decided.
    first_ended: Option<ExitStatus>,
    /// Whether a thread waits for the end of all others, to run another program.
    is_executing: bool,
    /// The signal that stops the process, if it is stopped.
    stop: Option<Stop>,
    /// The number of the last SIGCONT or SIGKILL, which have ended all earlier stops.
    continued: u64,
    /// The number of threads that wait for the end of the stop.
    stopped: usize,
    /// Whether the stop was reported to the parent.
    is_stop_reported: bool,
}

/// A signal that stops the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) signal: Signal,
    /// The number of SIGCONTs and SIGKILLs that had been sent when the signal was taken from its
    /// queue. A later one ends the stop, even if the stop hasn't begun by then.
    pub(super) taken_after: u64,
}

/// The process can't run another program, because it is about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends;

/// The reason why a thread can't be added to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddError {
    /// The process, or all threads except one, are about to end.
    Ends,
    /// No memory is left for the list.
    NoMemory,
}

/// A thread that was removed from its process.
pub(super) struct Removed {
    /// The list's reference to the thread.
    pub(super) thread: Option<Arc<ThreadHandle>>,
    /// The status with which the process ends, if this was its last thread.
    pub(super) last: Option<ExitStatus>,
    /// The signal that has stopped all other threads, if that is complete now.
    pub(super) stop: Option<Signal>,
}

impl Threads {
    pub(super) const fn new() -> Self {
        Self {
            living: Vec::new(),
            ending: None,
            first_ended: None,
            is_executing: false,
            stop: None,
            continued: 0,
            stopped: 0,
            is_stop_reported: false,
        }
    }

    /// Returns the threads that have not ended, the oldest one first.
    pub(super) fn living(&self) -> &[Arc<ThreadHandle>] {
        &self.living
    }

    /// Returns whether the first thread has ended.
    pub(super) fn has_first_ended(&self) -> bool {
        self.first_ended.is_some()
    }

    /// Adds a thread. If the process has to stop, the thread checks its signals before it enters
    /// ring 3.
    pub(super) fn add(&mut self, thread: Arc<ThreadHandle>) -> Result<(), AddError> {
        if self.ending.is_some() || self.is_executing {
            return Err(AddError::Ends);
        }
        self.living.try_reserve(1).map_err(|_| AddError::NoMemory)?;
        if self.stop.is_some() {
            thread.attention().note();
        }
        self.living.push(thread);
        Ok(())
    }

    /// Removes a thread from the list and returns it.
    pub(super) fn take(&mut self, thread: &ThreadHandle) -> Option<Arc<ThreadHandle>> {
        let index = self.living.iter().position(|other| core::ptr::eq(&raw const **other, thread));
        index.map(|index| self.living.remove(index))
    }

    /// Removes a thread that ends with `status`.
    pub(super) fn remove(
        &mut self,
        thread: &ThreadHandle,
        is_first: bool,
        status: ExitStatus,
    ) -> Removed {
        if is_first {
            self.first_ended = Some(status);
        }
        let taken = self.take(thread);
        let decided = self.ending.or(self.first_ended).unwrap_or(status);
        let last = self.living.is_empty().then_some(decided);
        Removed { thread: taken, last, stop: self.completed_stop() }
    }

    /// Makes all threads end with the process. Only the first status is used.
    pub(super) fn end_all(&mut self, status: ExitStatus) {
        let status = *self.ending.get_or_insert(status);
        for thread in &self.living {
            thread.attention().end(Ending::Process(status));
        }
    }

    /// Makes all threads except `own` end, so that `own` can run another program.
    pub(super) fn begin_exec(&mut self, own: &ThreadHandle) -> Result<(), Ends> {
        if self.ending.is_some() || self.is_executing {
            return Err(Ends);
        }
        self.is_executing = true;
        for thread in self.others(own) {
            thread.attention().end(Ending::Thread(ExitStatus::Exited(0)));
        }
        Ok(())
    }

    /// Makes the only remaining thread the first one, unless it has to end, too.
    pub(super) fn finish_exec(&mut self) -> Result<(), Ends> {
        self.is_executing = false;
        if self.ending.is_some() {
            return Err(Ends);
        }
        self.first_ended = None;
        Ok(())
    }

    /// Returns whether the process has to stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    /// Begins to stop all threads, unless the process was continued after the signal was taken from
    /// its queue by the thread `own`.
    pub(super) fn begin_stop(&mut self, stop: Stop, own: &ThreadHandle) {
        if self.ending.is_none() && self.stop.is_none() && stop.taken_after >= self.continued {
            self.stop = Some(stop);
            self.others(own).for_each(|thread| thread.attention().request());
        }
    }

    /// Ends a stop, whether or not all threads have stopped, because the SIGCONT or SIGKILL with
    /// this number was sent.
    pub(super) fn end_stop(&mut self, number: u64) {
        self.continued = self.continued.max(number);
        if self.stop.is_some_and(|stop| stop.taken_after < number) {
            self.stop = None;
            self.is_stop_reported = false;
        }
    }

    /// Counts a thread that stops; returns the signal if all threads have stopped now.
    pub(super) fn enter_stop(&mut self) -> Option<Signal> {
        self.stopped += 1;
        self.completed_stop()
    }

    /// Counts a thread that continues after a stop.
    pub(super) fn leave_stop(&mut self) {
        self.stopped -= 1;
    }

    /// Returns the signal of a stop that all threads have reached; only the first time.
    fn completed_stop(&mut self) -> Option<Signal> {
        let is_complete = self.stopped == self.living.len() && !self.living.is_empty();
        let stop = self.stop.filter(|_| is_complete && !self.is_stop_reported)?;
        self.is_stop_reported = true;
        Some(stop.signal)
    }

    fn others<'a>(&'a self, own: &'a ThreadHandle) -> impl Iterator<Item = &'a ThreadHandle> {
        self.living
            .iter()
            .map(|thread| &**thread)
            .filter(move |thread| !core::ptr::eq(*thread, own))
    }
}
