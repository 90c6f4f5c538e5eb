//! The process or thread that files are about.

use alloc::sync::{Arc, Weak};

use capabilities::Capability;

use crate::fs::error::FsError;
use crate::fs::generated::Subject;
use crate::process::current::current;
use crate::process::identity::Identity;
use crate::process::pid::Pid;
use crate::process::process::Process;
use crate::process::table::{self, Life, Member, Relations};
use crate::process::thread_handle::ThreadHandle;
use crate::process::usage::Usage;
use crate::task::{State, Thread};

/// A process or one of its threads. It doesn't keep the process: files that are open when it ends
/// have nothing more to say.
#[derive(Clone)]
pub(super) struct Target {
    pid: Pid,
    process: Weak<Process>,
    /// The thread; `None` for the oldest one.
    thread: Option<(Pid, Weak<ThreadHandle>)>,
    /// Whether sums are over all threads of the process.
    is_whole: bool,
}

impl Target {
    /// Returns the process with this number, or the process of the thread with this number, as that
    /// thread sees it.
    ///
    /// # Errors
    /// [`FsError::NotFound`].
    pub(super) fn find(pid: Pid) -> Result<Self, FsError> {
        let (process, thread) = match table::find(pid) {
            Some(process) => (process, None),
            None => {
                let Member { process, thread } =
                    table::find_thread(pid).ok_or(FsError::NotFound)?;
                (process, Some((pid, Arc::downgrade(&thread))))
            }
        };
        let (pid, process) = (process.pid(), Arc::downgrade(&process));
        Ok(Self { pid, process, thread, is_whole: true })
    }

    /// Returns the thread `tid` of the process.
    ///
    /// # Errors
    /// [`FsError::NotFound`].
    pub(super) fn with_thread(&self, tid: Pid) -> Result<Self, FsError> {
        let process = self.process().map_err(|_| FsError::NotFound)?;
        let mut found = None;
        process.for_each_thread(|thread| {
            if thread.tid() == tid {
                found = Some(thread.clone());
            }
        });
        let handle = match found {
            Some(thread) => Arc::downgrade(&thread),
            // A process that has ended still has its first thread in the directory.
            None if tid == self.pid => Weak::new(),
            None => return Err(FsError::NotFound),
        };
        Ok(Self { thread: Some((tid, handle)), is_whole: false, ..self.clone() })
    }

    /// Returns the number of the process.
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Returns the number of the thread, or of the process.
    pub(super) fn tid(&self) -> Pid {
        self.thread.as_ref().map_or(self.pid, |(tid, _)| *tid)
    }

    /// Returns whether the files are about one thread.
    pub(super) fn is_thread(&self) -> bool {
        !self.is_whole
    }

    /// Returns the process, if its parent hasn't waited for it. May wait.
    ///
    /// # Errors
    /// [`FsError::NoProcess`].
    pub(super) fn process(&self) -> Result<Arc<Process>, FsError> {
        let found = table::find(self.pid).ok_or(FsError::NoProcess)?;
        // Another process may have the number by now.
        match core::ptr::eq(Arc::as_ptr(&found), self.process.as_ptr()) {
            true => Ok(found),
            false => Err(FsError::NoProcess),
        }
    }

    /// Returns how the process is related to others. May wait.
    ///
    /// # Errors
    /// [`FsError::NoProcess`].
    pub(super) fn relations(&self) -> Result<Relations, FsError> {
        table::relations(self.pid).ok_or(FsError::NoProcess)
    }

    /// Returns the thread, or the oldest one of the process; `None` if it has ended.
    pub(super) fn thread(&self, process: &Process) -> Option<Arc<ThreadHandle>> {
        match &self.thread {
            Some((_, thread)) => thread.upgrade(),
            None => process.oldest_thread(),
        }
    }

    /// Returns the usage of the thread, or of all threads of the process, and the usage of the
    /// children that it has waited for.
    pub(super) fn usage(&self, process: &Process) -> (Usage, Usage) {
        let own = process.usage();
        let own = match self.thread(process).filter(|_| self.is_thread()) {
            Some(thread) => process.usage_of_thread(&thread),
            None => own,
        };
        (own, process.usage_of_children())
    }

    /// Checks that the caller may see the private state of the process, such as its memory.
    ///
    /// # Errors
    /// [`FsError::PermissionDenied`], [`FsError::NoProcess`].
    pub(super) fn check_access(&self) -> Result<(), FsError> {
        let process = self.process()?;
        match may_access(&process) {
            true => Ok(()),
            false => Err(FsError::PermissionDenied),
        }
    }
}

impl Subject for Target {
    fn owner(&self) -> Result<(u32, u32), FsError> {
        let process = self.process().map_err(|_| FsError::NotFound)?;
        if let Some((tid, thread)) = &self.thread
            && *tid != self.pid
            && thread.strong_count() == 0
        {
            return Err(FsError::NotFound);
        }
        let identity = process.identity();
        Ok((identity.effective_uid, identity.effective_gid))
    }
}

/// Returns whether the caller may see the private state of `process`.
///
/// Source: ptrace(2), "Ptrace access mode checking", PTRACE_MODE_READ_FSCREDS.
pub(super) fn may_access(process: &Arc<Process>) -> bool {
    let Some(own) = current() else {
        // The kernel itself.
        return true;
    };
    let is_same = |own: &Identity, other: &Identity| {
        let (uid, gid) = (own.credentials.uid, own.credentials.gid);
        [other.uid, other.effective_uid, other.saved_uid].iter().all(|it| *it == uid)
            && [other.gid, other.effective_gid, other.saved_gid].iter().all(|it| *it == gid)
    };
    Arc::ptr_eq(&own.process, process)
        || own.thread.identity().has(Capability::SysPtrace)
        || is_same(&own.thread.identity(), &process.identity())
}

/// Returns the letter of the state of `target`, and its name, as `status` has both. `thread` is its
/// thread in the scheduler.
pub(super) fn state(
    target: &Target,
    process: &Process,
    life: Life,
    thread: Option<&'static Thread>,
) -> (char, &'static str) {
    // The first thread stays as a zombie while other threads run.
    let has_ended = process.has_first_ended() && target.tid() == target.pid();
    match life {
        Life::Zombie(_) => ('Z', "zombie"),
        _ if has_ended => ('Z', "zombie"),
        Life::Stopped { .. } => ('T', "stopped"),
        Life::Alive => match thread.map(Thread::state) {
            // A new thread may run before its creator records that.
            Some(State::Runnable | State::Waking) | None => ('R', "running"),
            Some(State::Waiting) => ('S', "sleeping"),
            Some(State::Ended | State::Free) => ('X', "dead"),
        },
    }
}

/// Returns the thread that the scheduler runs for `handle`.
pub(super) fn task_of(handle: Option<&Arc<ThreadHandle>>) -> Option<&'static Thread> {
    handle.and_then(|handle| handle.attention().task()).map(|task| task.thread())
}
