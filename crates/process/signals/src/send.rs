//! The effects of a signal when it is sent, before it is pending.

use crate::action::Handler;
use crate::dispositions::Dispositions;
use crate::info::SigInfo;
use crate::pending::{Limit, Pushed};
use crate::set::SignalSet;
use crate::signal::Signal;
use crate::thread::ThreadSignals;

/// Whether a process is the first process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessKind {
    /// The first process: SIGKILL, SIGSTOP and signals without a handler have no effect.
    Init,
    /// Any other process.
    Ordinary,
}

/// The caller's steps for a signal that is sent to a process or to one of its
/// threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Signals to remove from the queues of the process and of all its threads: SIGCONT
    /// removes stop signals, a stop signal removes SIGCONT.
    pub discard: SignalSet,
    /// Whether the process continues now if it is stopped, even where SIGCONT is blocked or
    /// ignored.
    pub continues: bool,
    /// Whether the signal is dropped. Otherwise the caller pushes it to the queue.
    pub is_ignored: bool,
}

/// Decides the effects of a signal that is sent to a process or to one of its threads.
/// `thread` is that thread, or the process's main thread.
///
/// A signal that would be ignored doesn't become pending, unless it is blocked: the action may
/// change before it is unblocked, or rt_sigtimedwait may take it.
pub fn send(
    info: &SigInfo,
    thread: &ThreadSignals,
    dispositions: &Dispositions,
    kind: ProcessKind,
) -> Sent {
    let signal = info.signal;
    let mut discard = SignalSet::EMPTY;
    if signal == Signal::CONT {
        discard = SignalSet::STOPS;
    } else if SignalSet::STOPS.contains(signal) {
        discard.insert(Signal::CONT);
    }
    let does_nothing = dispositions.ignores(signal)
        || (kind == ProcessKind::Init
            && (signal.is_unstoppable() || dispositions.get(signal).handler == Handler::Default));
    Sent {
        discard,
        continues: signal == Signal::CONT,
        is_ignored: does_nothing && !thread.blocked().contains(signal),
    }
}

/// Sends a fault to the thread that caused it. If the signal is blocked or ignored, it is
/// unblocked and gets its default action, because the thread can't continue. That ends even
/// the first process.
pub fn force(info: SigInfo, thread: &mut ThreadSignals, dispositions: &mut Dispositions) -> Pushed {
    let signal = info.signal;
    let mut blocked = thread.blocked();
    let is_blocked = blocked.contains(signal);
    if is_blocked || dispositions.get(signal).handler == Handler::Ignore {
        dispositions.reset(signal);
    }
    if is_blocked {
        blocked.remove(signal);
        thread.set_blocked(blocked);
    }
    // A standard signal of the kernel is never refused.
    thread.pending.push(info, Limit::Below).unwrap_or(Pushed::WithoutInfo)
}
