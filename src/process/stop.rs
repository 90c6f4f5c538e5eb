//! Processes that a signal has stopped.

use signals::{ChildStatus, Signal};

use super::process::Process;
use super::signal_sending::notify_parent;
use super::table::{self, Life};
use super::thread::ProcessThread;

/// Stops the running thread, if its process has to stop, until SIGCONT is sent or the thread has to
/// end. Returns whether it was stopped. May wait.
pub(super) fn stop_here(thread: &ProcessThread) -> bool {
    let process = thread.process();
    if !process.with_threads(|threads| threads.is_stopping()) {
        return false;
    }
    if let Some(signal) = process.with_threads(|threads| threads.enter_stop()) {
        report(process, signal);
    }
    process.stop_ends.wait_until(|| {
        thread.attention().is_ending() || !process.with_threads(|threads| threads.is_stopping())
    });
    process.with_threads(|threads| threads.leave_stop());
    true
}

/// Reports to the parent that a signal has stopped all threads of a process. May wait.
pub(super) fn report(process: &Process, signal: Signal) {
    let parent = {
        let mut table = table::lock();
        if !process.with_threads(|threads| threads.is_stopping()) {
            return;
        }
        let Some(entry) = table.get_mut(process.pid()) else {
            return;
        };
        entry.life = Life::Stopped { signal, is_reported: false };
        entry.has_continued = false;
        let parent = entry.parent;
        table.note_change(process.pid());
        parent.and_then(|parent| table.get(parent)).map(|it| it.process.clone())
    };
    if let Some(parent) = parent {
        notify_parent(&parent, process, ChildStatus::Stopped(signal), Some(Signal::CHLD));
    }
}
