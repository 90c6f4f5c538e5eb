//! What processes have used, from what their threads have.

use super::process::Process;
use super::thread_handle::ThreadHandle;
use super::usage::Usage;

/// What counts of the time of CPUs.
///
/// Source: Linux, include/linux/posix-timers.h, `CPUCLOCK_PROF` and others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuTimeKind {
    /// All of it.
    All,
    /// That in programs.
    User,
}

impl CpuTimeKind {
    /// Returns that of a process, in nanoseconds.
    pub fn of_process(self, process: &Process) -> u64 {
        self.of(&process.usage())
    }

    /// Returns that of a thread of a process, in nanoseconds.
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

/// Returns what a thread has used, with the samples of its time.
pub(super) fn usage_of(thread: &ThreadHandle) -> Usage {
    thread.attention().task().map_or(Usage::default(), |task| {
        let thread = task.thread();
        let (run_ns, times) = (thread.run_time_ns(), thread.sampled_times());
        Usage { run_ns, times, faults: 0, switches: thread.switches() }
    })
}

impl Process {
    /// Returns what its threads have used.
    pub fn usage(&self) -> Usage {
        self.with_threads(|threads| {
            let mut usage = self.usage.of_ended();
            threads.living().iter().for_each(|thread| usage += usage_of(thread));
            self.usage.split(usage)
        })
    }

    /// Returns what one of its threads has used; the page faults are those of all.
    pub fn usage_of_thread(&self, thread: &ThreadHandle) -> Usage {
        thread.split_times(Usage { faults: self.usage.of_ended().faults, ..usage_of(thread) })
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
