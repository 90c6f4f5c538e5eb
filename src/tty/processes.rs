//! The functions of processes that terminals call. The room `process` registers them.

use signals::Signal;
use spin::Once;

/// The process of the running thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its number.
    pub pid: u32,
    /// Its process group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// Whether it has released the controlling terminal of its session: TIOCNOTTY.
    pub has_left: bool,
    /// The owner of files that it makes.
    pub uid: u32,
    /// The group of files that it makes.
    pub gid: u32,
}

impl Caller {
    /// Returns whether it leads its session.
    pub(super) fn is_leader(&self) -> bool {
        self.pid == self.session
    }
}

/// The functions of processes that terminals call. All may wait.
pub trait Processes: Sync {
    /// Returns the process of the running thread; `None` for a thread of the kernel.
    fn caller(&self) -> Option<Caller>;

    /// Returns whether the running thread ignores or blocks a signal.
    fn ignores(&self, signal: Signal) -> bool;

    /// Returns whether a process group is orphaned: no member has a parent that could continue it.
    fn is_orphaned(&self, group: u32) -> bool;

    /// Sends a signal to all processes of a group.
    fn send_to_group(&self, group: u32, signal: Signal);

    /// Records that the calling process has released the controlling terminal of its session.
    fn leave(&self);

    /// Notifies the leader of a session that its controlling terminal was hung up. `group` was in
    /// the foreground of the terminal.
    fn hang_up(&self, session: u32, group: Option<u32>);
}

static PROCESSES: Once<&'static dyn Processes> = Once::new();

/// Registers the functions of processes that terminals call.
pub fn set(processes: &'static dyn Processes) {
    PROCESSES.call_once(|| processes);
}

pub(super) fn get() -> Option<&'static dyn Processes> {
    PROCESSES.get().copied()
}

/// Returns the process of the running thread; `None` for a thread of the kernel.
pub(super) fn caller() -> Option<Caller> {
    get().and_then(Processes::caller)
}

/// Sends a signal to all processes of a group.
pub(super) fn send_to_group(group: u32, signal: Signal) {
    if let Some(processes) = get() {
        processes.send_to_group(group, signal);
    }
}
