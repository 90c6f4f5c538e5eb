//! The threads of a process as a group: operations that wake, stop and end them together.

use alloc::sync::Arc;

use signals::{Signal, ThreadSignals};

use super::accounting::usage_of;
use super::attention::Ending;
use super::exit_status::ExitStatus;
use super::process::{Process, SignalState};
use super::thread_handle::ThreadHandle;
use super::threads::{AddError, Ends, Removed, Stop, Threads};

impl Process {
    /// Calls `access` with its threads.
    pub(super) fn with_threads<R>(&self, access: impl FnOnce(&mut Threads) -> R) -> R {
        access(&mut self.threads.lock())
    }

    /// Calls `access` with the signals of the process, and those of one of its threads.
    pub fn with_signals_of<R>(
        &self,
        thread: &ThreadHandle,
        access: impl FnOnce(&mut SignalState, &mut ThreadSignals) -> R,
    ) -> R {
        self.with_signals(|shared| thread.with_signals(|own| access(shared, own)))
    }

    /// Returns the oldest of its threads; `None` if all have ended.
    pub fn oldest_thread(&self) -> Option<Arc<ThreadHandle>> {
        self.with_threads(|threads| threads.living().first().cloned())
    }

    /// Calls `found` with each of its threads, the oldest one first. `found` neither waits nor
    /// takes a lock of the process.
    pub fn for_each_thread(&self, found: impl FnMut(&Arc<ThreadHandle>)) {
        self.with_threads(|threads| threads.living().iter().for_each(found));
    }

    /// Returns the number of its threads.
    pub fn thread_count(&self) -> usize {
        self.with_threads(|threads| threads.living().len())
    }

    /// Returns whether its first thread has ended, while other threads run.
    pub fn has_first_ended(&self) -> bool {
        self.with_threads(|threads| threads.has_first_ended())
    }

    /// Adds a thread, which is not started yet.
    pub(super) fn add_thread(&self, thread: Arc<ThreadHandle>) -> Result<(), AddError> {
        self.with_threads(|threads| threads.add(thread))
    }

    /// Removes a thread that could not be started, and returns it.
    pub(super) fn take_unstarted(&self, thread: &ThreadHandle) -> Option<Arc<ThreadHandle>> {
        let taken = self.with_threads(|threads| threads.take(thread));
        self.thread_ends.wake_all();
        taken
    }

    /// Removes an ending thread.
    pub(super) fn remove_thread(&self, thread: &ThreadHandle, ending: Ending) -> Removed {
        let (Ending::Thread(status) | Ending::Process(status)) = ending;
        let is_first = thread.tid() == self.pid;
        self.with_threads(|threads| {
            self.usage.add_ended(usage_of(thread));
            threads.remove(thread, is_first, status)
        })
    }

    /// Makes all threads end before they return to ring 3. Only the first status is used.
    pub fn end(&self, status: ExitStatus) {
        self.with_threads(|threads| threads.end_all(status));
        self.stop_ends.wake_all();
    }

    /// Ends all threads except `own`, which is the running one, and waits for their end. May wait.
    ///
    /// # Errors
    /// [`Ends`] if the running thread has to end.
    pub(super) fn end_others(&self, own: &ThreadHandle) -> Result<(), Ends> {
        self.with_threads(|threads| threads.begin_exec(own))?;
        self.stop_ends.wake_all();
        self.thread_ends.wait_until(|| self.thread_count() == 1);
        self.with_threads(Threads::finish_exec)
    }

    /// Begins to stop all threads: each stops before it returns to ring 3.
    pub(super) fn begin_stop(&self, stop: Stop, own: &ThreadHandle) {
        self.with_threads(|threads| threads.begin_stop(stop, own));
    }

    /// Interrupts the oldest thread that accepts `signal`, which was sent to the process.
    pub(super) fn request_for(&self, signal: Signal) {
        let accepts = |thread: &&Arc<ThreadHandle>| {
            !thread.attention().is_ending() && thread.with_signals(|own| own.accepts(signal))
        };
        self.with_threads(|threads| {
            if let Some(thread) = threads.living().iter().find(accepts) {
                thread.attention().request();
            }
        });
    }

    /// Interrupts all threads.
    pub(super) fn request_all(&self) {
        self.for_each_thread(|thread| thread.attention().request());
    }

    /// Interrupts another thread for each signal of the process that `thread` doesn't accept:
    /// `thread` may have been interrupted to receive it.
    pub fn pass_signals_on(&self, thread: &ThreadHandle) {
        let left = self.with_signals(|state| state.shared.set());
        for signal in left.iter() {
            let is_own =
                !thread.attention().is_ending() && thread.with_signals(|own| own.accepts(signal));
            if !is_own {
                self.request_for(signal);
            }
        }
    }
}
