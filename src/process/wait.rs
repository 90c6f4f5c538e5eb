//! Waiting for children.

use alloc::sync::Arc;

use signals::{ChildStatus, Signal};

use super::pid::{Pid, Selection};
use super::process::Process;
use super::table::{self, Life, Table};
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
    let mut has_children = false;
    let mut changed = None;
    let children = table.get(parent).map(|entry| &entry.children).ok_or(WaitError::NoChildren)?;
    for child in children.iter().filter_map(|child| table.get(*child)) {
        let is_of_kind = match request.kinds {
            Kinds::Ordinary => child.end_signal == Some(Signal::CHLD),
            Kinds::Clones => child.end_signal != Some(Signal::CHLD),
            Kinds::All => true,
        };
        let is_wanted = is_of_kind && request.children.contains(child.process.pid(), child.group);
        if !is_wanted {
            continue;
        }
        has_children = true;
        let status = match child.life {
            Life::Zombie(status) if request.changes.ended => Some(status.child_status()),
            Life::Stopped { signal, is_reported: false } if request.changes.stopped => {
                Some(ChildStatus::Stopped(signal))
            }
            _ if child.has_continued && request.changes.continued => Some(ChildStatus::Continued),
            _ => None,
        };
        if let Some(status) = status {
            let uid = child.process.identity().uid;
            let usage = child.process.whole_usage();
            changed = Some(Waited { pid: child.process.pid(), uid, status, usage });
            break;
        }
    }
    if let Some(waited) = changed {
        let removed = if request.keeps { None } else { take(&mut table, &waited) };
        drop(table);
        if removed.is_some() {
            process.usage.add_child(waited.usage);
        }
        drop(removed);
        return Ok(Some(waited));
    }
    match has_children {
        true => Ok(None),
        false => Err(WaitError::NoChildren),
    }
}

/// Takes a change, so that no other wait call returns it; returns the process if it is removed.
fn take(table: &mut Table, waited: &Waited) -> Option<table::Entry> {
    let entry = table.get_mut(waited.pid)?;
    match &mut entry.life {
        Life::Zombie(_) => return table.remove(waited.pid),
        Life::Stopped { is_reported, .. } => *is_reported = true,
        Life::Alive => entry.has_continued = false,
    }
    None
}
