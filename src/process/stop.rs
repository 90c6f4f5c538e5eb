//! Processes that a signal has stopped.

use signals::{ChildStatus, Signal};

use super::signal_sending::notify_parent;
use super::table::{self, Life};
use super::thread::ProcessThread;

/// Stops the process until SIGCONT or SIGKILL comes. May wait.
pub(super) fn stop(thread: &ProcessThread, signal: Signal) {
    let process = thread.process();
    let parent = {
        let mut table = table::lock();
        let Some(entry) = table.get_mut(process.pid()) else {
            return;
        };
        entry.life = Life::Stopped { signal, is_reported: false };
        entry.has_continued = false;
        entry.parent.and_then(|parent| table.get(parent)).map(|it| it.process.clone())
    };
    if let Some(parent) = parent {
        notify_parent(&parent, process, ChildStatus::Stopped(signal), Some(Signal::CHLD));
    }
    process.child_events.wait_until(|| {
        let is_stopped = |it: &table::Entry| matches!(it.life, Life::Stopped { .. });
        !table::lock().get(process.pid()).is_some_and(is_stopped)
    });
}
