//! Commands for threads, processes, CPUs and locks.

pub(in crate::monitor) mod cpus;
pub(in crate::monitor) mod fds;
pub(in crate::monitor) mod kill;
pub(in crate::monitor) mod locks;
pub(in crate::monitor) mod processes;
pub(in crate::monitor) mod profile;
pub(in crate::monitor) mod ps;
pub(in crate::monitor) mod run;
pub(in crate::monitor) mod sched;
pub(in crate::monitor) mod signals;
pub(in crate::monitor) mod strace;
pub(in crate::monitor) mod top;
pub(in crate::monitor) mod trace;
