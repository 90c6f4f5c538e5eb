//! Sending of signals.

use capabilities::Capability;
use signals::{ChildStatus, Limit, PushError, SigInfo, Signal, SignalSet};

use super::identity::Identity;
use super::limits::Resource;
use super::pid::{Pid, Selection};
use super::process::Process;
use super::table::{self, Life, Member};
use super::thread::ProcessThread;
use super::thread_handle::ThreadHandle;
use crate::fs::file::readiness::PollQueue;

/// The reason why a signal isn't sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// There is no such process: ESRCH.
    NoProcess,
    /// The sender may not send it: EPERM.
    NotPermitted,
    /// The queue is full: EAGAIN.
    QueueFull,
}

impl From<PushError> for SendError {
    fn from(error: PushError) -> Self {
        match error {
            PushError::QueueFull => Self::QueueFull,
        }
    }
}

/// Notified when a signal is sent to any process, for files from which signals are read.
pub(super) static SENT: PollQueue = PollQueue::new();

/// A tick of the times in SIGCHLD's information, in nanoseconds.
const TICK_NS: u64 = 10_000_000;

/// Sends `info` to a process. The table is not locked.
///
/// # Errors
/// [`SendError::QueueFull`].
pub fn send(process: &Process, info: SigInfo) -> Result<(), SendError> {
    match process.oldest_thread() {
        Some(oldest) => send_to_queue(process, &oldest, QueueOf::Process, info),
        None => Ok(()),
    }
}

/// Sends `info` to a thread of a process. The table is not locked.
///
/// # Errors
/// [`SendError::QueueFull`].
pub fn send_to_thread(
    process: &Process,
    thread: &ThreadHandle,
    info: SigInfo,
) -> Result<(), SendError> {
    send_to_queue(process, thread, QueueOf::Thread, info)
}

/// The queue in which a signal waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QueueOf {
    Process,
    Thread,
}

/// Sends `info` to `thread`, or to its process.
fn send_to_queue(
    process: &Process,
    thread: &ThreadHandle,
    queue: QueueOf,
    info: SigInfo,
) -> Result<(), SendError> {
    let queue_limit = process.limit(Resource::PendingSignals).soft;
    let is_kill = info.signal == Signal::KILL;
    let mut discard = SignalSet::EMPTY;
    let mut continues = None;
    let is_pending = process.with_signals_of(thread, |state, own| {
        let sent = signals::send(&info, own, &state.dispositions, process.kind);
        discard = sent.discard;
        state.shared.remove(discard);
        if sent.continues || is_kill {
            state.continues += 1;
            continues = Some(state.continues);
        }
        if sent.is_ignored {
            return Ok(false);
        }
        let pending = match queue {
            QueueOf::Process => &mut state.shared,
            QueueOf::Thread => &mut own.pending,
        };
        let is_below = (pending.queued() as u64) < queue_limit;
        let limit = if is_below { Limit::Below } else { Limit::Reached };
        pending.push(info, limit)?;
        Ok::<_, SendError>(true)
    })?;
    if !discard.is_empty() {
        process.for_each_thread(|thread| {
            thread.with_signals(|own| own.pending.remove(discard));
        });
    }
    SENT.notify();
    if let Some(number) = continues {
        continue_stopped(process, number, is_kill);
    }
    match queue {
        _ if !is_pending => {}
        QueueOf::Process => process.request_for(info.signal),
        QueueOf::Thread if thread.with_signals(|own| own.accepts(info.signal)) => {
            thread.attention().request();
        }
        QueueOf::Thread => {}
    }
    Ok(())
}

/// Makes a stopped process continue, or wakes it to be killed: by the SIGCONT or SIGKILL with this
/// number.
fn continue_stopped(process: &Process, number: u64, is_kill: bool) {
    let mut table = table::lock();
    let is_stopping = process.with_threads(|threads| {
        threads.end_stop(number);
        threads.is_stopping()
    });
    if is_stopping {
        // A later signal has stopped the process again.
        return;
    }
    process.stop_ends.wake_all();
    let Some(entry) = table.get_mut(process.pid()) else {
        return;
    };
    if !matches!(entry.life, Life::Stopped { .. }) {
        return;
    }
    entry.life = Life::Alive;
    entry.has_continued = !is_kill;
    let parent = entry.parent;
    table.note_change(process.pid());
    let parent = parent.and_then(|parent| table.get(parent)).map(|it| it.process.clone());
    drop(table);
    process.request_all();
    if let Some(parent) = parent.filter(|_| !is_kill) {
        notify_parent(&parent, process, ChildStatus::Continued, Some(Signal::CHLD));
    }
}

/// Sends a signal from the kernel, for example from a terminal, to all processes of a group.
pub fn send_to_group(group: Pid, signal: Signal) {
    for process in table::select(Selection::Group(group), |_| true) {
        send_of_kernel(&process, signal);
    }
}

/// Sends a standard signal from the kernel to a process. The table is not locked.
pub fn send_of_kernel(process: &Process, signal: Signal) {
    // A standard signal needs no room in the queue, so it is never refused.
    let _ = send(process, SigInfo::from_kernel(signal));
}

/// Sends a signal from a thread to processes: kill(2). "All" excludes the first process and the
/// sender. Without a signal, only checks whether one could be sent.
///
/// # Errors
/// See [`SendError`]; for several processes only if it could be sent to none of them.
pub fn kill(
    sender: &ProcessThread,
    target: Selection,
    info: Option<SigInfo>,
) -> Result<(), SendError> {
    let signal = info.map(|info| info.signal);
    let (identity, sender) = (sender.identity(), sender.process());
    let send_to = |process: &Process| match may_send(sender, &identity, process, signal) {
        false => Err(SendError::NotPermitted),
        true => info.map_or(Ok(()), |info| send(process, info)),
    };
    if let Selection::Process(pid) = target {
        return table::find(pid).map_or(Err(SendError::NoProcess), |process| send_to(&process));
    }
    let is_for_all = target == Selection::All;
    let targets = table::select(target, |process| {
        !is_for_all || (process.pid() != Pid::INIT && process.pid() != sender.pid())
    });
    if targets.is_empty() {
        return Err(SendError::NoProcess);
    }
    let mut result = Err(SendError::NotPermitted);
    for process in targets {
        let sent = send_to(&process);
        if result.is_err() {
            result = sent;
        }
    }
    result
}

/// Sends a signal from a thread to another one: tgkill(2). Without a signal, only checks whether
/// one could be sent.
///
/// # Errors
/// See [`SendError`].
pub fn kill_thread(
    sender: &ProcessThread,
    member: &Member,
    info: Option<SigInfo>,
) -> Result<(), SendError> {
    let signal = info.map(|info| info.signal);
    match may_send(sender.process(), &sender.identity(), &member.process, signal) {
        false => Err(SendError::NotPermitted),
        true => info.map_or(Ok(()), |info| send_to_thread(&member.process, &member.thread, info)),
    }
}

/// Returns whether a process may send `signal` to another process.
///
/// Source: kill(2).
fn may_send(sender: &Process, own: &Identity, process: &Process, signal: Option<Signal>) -> bool {
    if core::ptr::eq(sender, process) {
        return true;
    }
    let other = process.identity();
    let effective = own.effective_uid;
    let is_same_user =
        [effective, own.uid].into_iter().any(|uid| uid == other.uid || uid == other.saved_uid);
    is_same_user || own.has(Capability::Kill) || {
        let session = |process: &Process| table::relations(process.pid()).map(|it| it.session);
        signal == Some(Signal::CONT) && session(sender) == session(process)
    }
}

/// Sends a signal for a fault to the running thread, which has caused it and can't continue without
/// the signal.
pub(super) fn force(thread: &ProcessThread, info: SigInfo) {
    thread.with_signals(|state, own| {
        signals::force(info, own, &mut state.dispositions);
    });
    thread.attention().request();
}

/// Reports a change of a child to its parent: sends a signal, and wakes the parent's wait calls.
pub(super) fn notify_parent(
    parent: &Process,
    child: &Process,
    status: ChildStatus,
    signal: Option<Signal>,
) {
    signal_parent(parent, child, status, signal);
    parent.child_events.wake_all();
}

/// Sends the signal of a change of `child` to its parent, if it wants it.
pub(super) fn signal_parent(
    parent: &Process,
    child: &Process,
    status: ChildStatus,
    signal: Option<Signal>,
) {
    let is_wanted = match status {
        ChildStatus::Stopped(_) | ChildStatus::Continued => {
            parent.with_signals(|state| state.dispositions.reports_stops())
        }
        _ => true,
    };
    if let Some(signal) = signal.filter(|_| is_wanted) {
        let uid = child.identity().uid;
        let times = child.usage().times;
        let ticks = (times.user_ns / TICK_NS, times.system_ns / TICK_NS);
        let mut info = SigInfo::child(child.pid().number() as i32, uid, status, ticks);
        info.signal = signal;
        // The signal of a child's end is never refused.
        let _ = send(parent, info);
    }
}
