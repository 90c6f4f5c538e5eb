//! What processes have used, from what their threads have.

use super::process::Process;
use super::thread_handle::ThreadHandle;
use super::usage::Usage;

/// Returns what a thread has used.
pub(super) fn usage_of(thread: &ThreadHandle) -> Usage {
    thread.attention().task().map_or(Usage::default(), |task| {
        let thread = task.thread();
        Usage { run_ns: thread.run_time_ns(), faults: 0, switches: thread.switches() }
    })
}

impl Process {
    /// Returns what its threads have used.
    pub fn usage(&self) -> Usage {
        self.with_threads(|threads| {
            let mut usage = self.usage.of_ended();
            threads.living().iter().for_each(|thread| usage += usage_of(thread));
            usage
        })
    }

    /// Returns how long its threads ran, in nanoseconds.
    pub fn run_time_ns(&self) -> u64 {
        self.usage().run_ns
    }

    /// Returns what the children that it has waited for have used, and theirs.
    pub fn usage_of_children(&self) -> Usage {
        self.usage.of_children()
    }

    /// Returns what it and its children have used.
    pub(super) fn whole_usage(&self) -> Usage {
        let mut whole = self.usage();
        whole += self.usage_of_children();
        whole
    }
}
