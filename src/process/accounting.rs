//! The usage of processes, as the sum of their threads' usage.

use super::process::Process;
use super::thread_handle::ThreadHandle;
use super::usage::Usage;

/// A kind of CPU time.
///
/// Source: Linux, include/linux/posix-timers.h, `CPUCLOCK_PROF` and others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuTimeKind {
    /// All CPU time.
    All,
    /// The CPU time in ring 3.
    User,
}

impl CpuTimeKind {
    /// Returns this time of a process, in nanoseconds.
    pub fn of_process(self, process: &Process) -> u64 {
        self.of(&process.usage())
    }

    /// Returns this time of a thread of a process, in nanoseconds.
    pub fn of_thread(self, process: &Process, thread: &ThreadHandle) -> u64 {
        self.of(&process.usage_of_thread(thread))
    }

    fn of(self, usage: &Usage) -> u64 {
        match self {
            Self::All => usage.run_ns,
            Self::User => usage.times.user_ns,
        }
    }
}

/// Returns the usage of a thread, with its time split as it was sampled.
pub(super) fn usage_of(thread: &ThreadHandle) -> Usage {
    thread.attention().task().map_or(Usage::default(), |task| {
        let thread = task.thread();
        let (run_ns, times) = (thread.run_time_ns(), thread.sampled_times());
        Usage { run_ns, times, faults: 0, switches: thread.switches(), pages_max: 0 }
    })
}

impl Process {
    /// Returns the usage of the process's threads.
    pub fn usage(&self) -> Usage {
        self.with_threads(|threads| {
            let mut usage = self.usage.of_ended();
            threads.living().iter().for_each(|thread| usage += usage_of(thread));
            self.usage.split(usage)
        })
    }

    /// Returns the usage of one of the process's threads, with the page faults of all its threads.
    pub fn usage_of_thread(&self, thread: &ThreadHandle) -> Usage {
        let Usage { faults, pages_max, .. } = self.usage.of_ended();
        thread.split_times(Usage { faults, pages_max, ..usage_of(thread) })
    }

    /// Returns how long the process's threads ran, in nanoseconds.
    pub fn run_time_ns(&self) -> u64 {
        self.usage().run_ns
    }

    /// Returns the usage of the children that the process has waited for, and of their children.
    pub fn usage_of_children(&self) -> Usage {
        self.usage.of_children()
    }

    /// Returns the usage of the process and its children.
    pub(super) fn whole_usage(&self) -> Usage {
        let mut whole = self.usage();
        whole += self.usage_of_children();
        whole
    }
}
