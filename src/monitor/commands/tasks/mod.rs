//! Commands for threads, CPUs and locks.

pub(in crate::monitor) mod cpus;
pub(in crate::monitor) mod kill;
pub(in crate::monitor) mod locks;
pub(in crate::monitor) mod ps;
pub(in crate::monitor) mod sched;
pub(in crate::monitor) mod strace;
pub(in crate::monitor) mod top;
pub(in crate::monitor) mod trace;
