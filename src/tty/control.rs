//! Controlling terminals: sessions, the foreground group, and hang-ups.
//!
//! Source: POSIX, "General Terminal Interface"; ioctl_tty(2). The behaviour that these don't
//! specify is Linux's.

use alloc::sync::Arc;

use signals::Signal;

use super::line::Line;
use super::processes;
use super::terminal::Terminal;
use super::terminals::of_session;
use crate::fs::error::FsError;

/// The reason why a terminal doesn't become the controlling terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotPermitted;

/// The action if the terminal is the controlling terminal of another session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfOther {
    /// An error is returned.
    Refuse,
    /// The other session loses the terminal.
    Take,
}

/// Returns the controlling terminal of the calling process.
pub fn of_caller() -> Option<Arc<Terminal>> {
    let caller = processes::caller().filter(|caller| !caller.has_left)?;
    of_session(caller.session)
}

/// Returns whether a terminal is the controlling terminal of the calling process.
pub fn is_of_caller(terminal: &Terminal) -> bool {
    processes::caller()
        .is_some_and(|caller| !caller.has_left && terminal.session() == Some(caller.session))
}

/// Makes a terminal that was just opened the controlling terminal of the caller, if the caller
/// leads a session that has none.
pub(super) fn offer(terminal: &Terminal) {
    if let Some(caller) = processes::caller()
        && caller.is_leader()
        && of_session(caller.session).is_none()
        && terminal.claim(caller.session)
    {
        terminal.set_foreground_group(Some(caller.group));
    }
}

/// Makes a terminal the controlling terminal of the session that the caller leads: TIOCSCTTY.
///
/// # Errors
/// [`NotPermitted`] if the caller doesn't lead a session, the session has another terminal, or the
/// terminal belongs to another session.
pub fn take(terminal: &Terminal, of_other: OfOther) -> Result<(), NotPermitted> {
    let caller = processes::caller().filter(|caller| caller.is_leader()).ok_or(NotPermitted)?;
    if terminal.session() == Some(caller.session) {
        return Ok(());
    }
    if of_session(caller.session).is_some() {
        return Err(NotPermitted);
    }
    if of_other == OfOther::Take {
        terminal.take_session();
    }
    if !terminal.claim(caller.session) {
        return Err(NotPermitted);
    }
    terminal.set_foreground_group(Some(caller.group));
    Ok(())
}

/// Releases the controlling terminal of the caller, which is `terminal`: TIOCNOTTY. If the caller
/// leads the session, the whole session loses it.
pub fn leave(terminal: &Terminal) {
    let Some((processes, caller)) = processes::get().zip(processes::caller()) else {
        return;
    };
    if !caller.is_leader() {
        processes.leave();
        return;
    }
    match terminal.line {
        Line::Device(_) => end_session_of(terminal),
        Line::Master(_) => {
            if let (_, Some(group)) = terminal.take_session() {
                processes.send_to_group(group, Signal::HUP);
                processes.send_to_group(group, Signal::CONT);
            }
        }
    }
}

/// Hangs up the controlling terminal of a session whose leader has ended.
pub fn end_session(session: u32) {
    if let Some(terminal) = of_session(session) {
        end_session_of(&terminal);
    }
}

/// Hangs up a terminal, and sends a SIGHUP to its foreground group.
fn end_session_of(terminal: &Terminal) {
    let group = terminal.foreground_group();
    hang_up(terminal);
    if let Some(group) = group {
        processes::send_to_group(group, Signal::HUP);
    }
}

/// Hangs up a terminal: it no longer controls a session, the leader of that session receives a
/// SIGHUP and a SIGCONT, and its open files can no longer be used.
pub fn hang_up(terminal: &Terminal) {
    let (session, group) = terminal.take_session();
    terminal.end_files();
    if let Some((processes, session)) = processes::get().zip(session) {
        processes.hang_up(session, group);
    }
}

/// Checks that the calling process isn't in the background of its terminal. If it is, its group is
/// stopped by `signal`, SIGTTIN or SIGTTOU. A process that ignores SIGTTOU may continue.
///
/// # Errors
/// [`FsError::Interrupted`] if the signal was sent, [`FsError::Io`] if it would have no effect.
pub fn check_foreground(terminal: &Terminal, signal: Signal) -> Result<(), FsError> {
    let Some(foreground) = terminal.foreground_group() else {
        return Ok(());
    };
    let Some((processes, caller)) = processes::get().zip(processes::caller()) else {
        return Ok(());
    };
    let is_controlling = !caller.has_left && terminal.session() == Some(caller.session);
    if !is_controlling || caller.group == foreground {
        return Ok(());
    }
    if processes.ignores(signal) {
        return if signal == Signal::TTIN { Err(FsError::Io) } else { Ok(()) };
    }
    if processes.is_orphaned(caller.group) {
        return Err(FsError::Io);
    }
    processes.send_to_group(caller.group, signal);
    Err(FsError::Interrupted)
}
