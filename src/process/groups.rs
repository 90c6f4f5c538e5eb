//! Process groups and sessions.

use core::sync::atomic::Ordering;

use super::pid::Pid;
use super::table;

/// The reason why a process can't be moved to a group or a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupError {
    /// There is no such process, or it is neither the caller nor its child: ESRCH.
    NoProcess,
    /// It leads a session, or the group belongs to another session: EPERM.
    NotPermitted,
    /// It is a child that has run another program: EACCES.
    HasExecuted,
}

/// Moves `pid`, which is `caller` or one of its children, to a process group, which may be new. May
/// wait.
///
/// Source: setpgid(2).
///
/// # Errors
/// See [`GroupError`].
pub fn set_group(caller: Pid, pid: Pid, group: Pid) -> Result<(), GroupError> {
    let mut table = table::lock();
    let own = table.get(caller).map(|it| it.session).ok_or(GroupError::NoProcess)?;
    let entry = table.get(pid).ok_or(GroupError::NoProcess)?;
    if pid != caller {
        if entry.parent != Some(caller) {
            return Err(GroupError::NoProcess);
        }
        if entry.has_executed {
            return Err(GroupError::HasExecuted);
        }
    }
    let is_there = || table.iter().any(|it| it.group == group && it.session == own);
    if entry.session != own || entry.session == pid || (group != pid && !is_there()) {
        return Err(GroupError::NotPermitted);
    }
    table.move_to(pid, group, own).map(|_| ()).ok_or(GroupError::NoProcess)
}

/// Makes a process the leader of a new session and of a new group. May wait.
///
/// # Errors
/// [`GroupError::NotPermitted`] if it leads a group already.
pub fn new_session(pid: Pid) -> Result<(), GroupError> {
    let mut table = table::lock();
    if table.has_group(pid) && table.iter().any(|it| it.group == pid) {
        return Err(GroupError::NotPermitted);
    }
    let entry = table.move_to(pid, pid, pid).ok_or(GroupError::NoProcess)?;
    (entry.has_left_terminal, entry.hung_up_group) = (false, None);
    entry.process.leads_session.store(true, Ordering::Relaxed);
    Ok(())
}

/// Returns the session of a process group; `None` if there is no such group. May wait.
pub fn session_of_group(group: Pid) -> Option<Pid> {
    let table = table::lock();
    let leader = table.get(group).filter(|it| it.group == group);
    leader.or_else(|| table.iter().find(|it| it.group == group)).map(|it| it.session)
}
