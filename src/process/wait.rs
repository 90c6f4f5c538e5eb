//! Waiting for children.

use alloc::sync::Arc;

use signals::{ChildStatus, Signal};

use super::pid::{Pid, Selection};
use super::process::Process;
use super::table::{self, Entry, Life, Table};
use super::usage::Usage;

/// The changes for which a wait call waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Children that have ended: WEXITED.
    pub ended: bool,
    /// Children that a signal has stopped: WUNTRACED, WSTOPPED.
    pub stopped: bool,
    /// Children that were continued: WCONTINUED.
    pub continued: bool,
}

/// The children for which a wait call waits, by the signal with which they end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kinds {
    /// The children that end with SIGCHLD.
    #[default]
    Ordinary,
    /// The others: __WCLONE.
    Clones,
    /// All: __WALL.
    All,
}

/// A wait for children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitRequest {
    /// The children.
    pub children: Selection,
    /// The kinds of children, by the signal with which they end.
    pub kinds: Kinds,
    /// The changes.
    pub changes: Changes,
    /// Whether the change remains, so that another wait call can return it: WNOWAIT.
    pub keeps: bool,
    /// Whether the call returns at once: WNOHANG.
    pub is_immediate: bool,
}

/// A change that a wait call has returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waited {
    /// The child.
    pub pid: Pid,
    /// Its real user.
    pub uid: u32,
    /// The change.
    pub status: ChildStatus,
    /// The usage of the child, including that of its own children.
    pub usage: Usage,
}

/// The reason why a wait call has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitError {
    /// There are no such children: ECHILD.
    NoChildren,
    /// A signal arrived: EINTR.
    Interrupted,
}

/// Waits until a child of `process` has changed; `None` if none has and the wait is immediate.
///
/// # Errors
/// See [`WaitError`].
pub fn wait(process: &Arc<Process>, request: &WaitRequest) -> Result<Option<Waited>, WaitError> {
    let mut found = None;
    let waited = process.child_events.wait_until_cancellable(None, || {
        found = Some(look(process, request));
        request.is_immediate || !matches!(found, Some(Ok(None)))
    });
    match (found, waited) {
        (Some(Ok(Some(waited))), _) => Ok(Some(waited)),
        (Some(Err(error)), _) => Err(error),
        (_, Err(_)) => Err(WaitError::Interrupted),
        _ => Ok(None),
    }
}

/// Searches for a child that has changed, and takes the change.
fn look(process: &Process, request: &WaitRequest) -> Result<Option<Waited>, WaitError> {
    let parent = process.pid();
    let mut table = table::lock();
    let is_wanted = |child: &&Entry| {
        let is_of_kind = match request.kinds {
            Kinds::Ordinary => child.end_signal == Some(Signal::CHLD),
            Kinds::Clones => child.end_signal != Some(Signal::CHLD),
            Kinds::All => true,
        };
        is_of_kind && request.children.contains(child.process.pid(), child.group)
    };
    let child = |pid: &Pid| table.get(*pid).filter(is_wanted);
    // A call for one child, as most are, looks at no other.
    let (changed, has_children) = match request.children {
        Selection::Process(pid) => {
            let one = child(&pid).filter(|it| it.parent == Some(parent));
            (one.and_then(|child| change_of(child, request.changes)), one.is_some())
        }
        Selection::All | Selection::Group(_) => {
            let own = table.get(parent).ok_or(WaitError::NoChildren)?;
            let mut changed = own.changed_children.iter().filter_map(child);
            let found = changed.find_map(|child| change_of(child, request.changes));
            let has_children = found.is_some() || own.children.iter().any(|it| child(it).is_some());
            (found, has_children)
        }
    };
    if let Some((child, status)) = changed {
        let removed = if request.keeps { None } else { take(&mut table, child.pid()) };
        drop(table);
        let (uid, usage) = (child.identity().uid, child.whole_usage());
        let waited = Waited { pid: child.pid(), uid, status, usage };
        if removed.is_some() {
            process.usage.add_child(waited.usage);
        }
        drop((removed, child));
        return Ok(Some(waited));
    }
    match has_children {
        true => Ok(None),
        false => Err(WaitError::NoChildren),
    }
}

/// Returns the change of a child, if it is one of those for which the call waits.
fn change_of(child: &Entry, changes: Changes) -> Option<(Arc<Process>, ChildStatus)> {
    let status = match child.life {
        Life::Zombie(status) if changes.ended => status.child_status(),
        Life::Stopped { signal, is_reported: false } if changes.stopped => {
            ChildStatus::Stopped(signal)
        }
        _ if child.has_continued && changes.continued => ChildStatus::Continued,
        _ => return None,
    };
    Some((child.process.clone(), status))
}

/// Takes the change of a child, so that no other wait call returns it; returns the process if it is
/// removed.
fn take(table: &mut Table, pid: Pid) -> Option<Entry> {
    let entry = table.get_mut(pid)?;
    match &mut entry.life {
        Life::Zombie(_) => return table.remove(pid),
        Life::Stopped { is_reported, .. } => *is_reported = true,
        Life::Alive => entry.has_continued = false,
    }
    if !entry.has_continued {
        table.note_no_change(pid);
    }
    None
}
